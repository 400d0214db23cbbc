//! Lists the pages of `docs/diagnostics`, so that `wfc explain` carries them all in the binary.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let folder = Path::new(&root).join("../../docs/diagnostics");
    writeln!(io::stdout(), "cargo:rerun-if-changed={}", folder.display())?;
    let mut table = String::from("&[\n");
    for page in pages(&folder)? {
        let slug = page.file_stem().unwrap_or_default().to_string_lossy();
        let path = page.canonicalize()?;
        writeln!(table, "({slug:?}, include_str!({:?})),", path.display().to_string()).map_err(io::Error::other)?;
    }
    table.push(']');
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("pages.rs"), table)
}

fn pages(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut pages = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    Ok(pages)
}
