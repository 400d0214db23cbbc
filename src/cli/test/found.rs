//! Which files are tested.

use crate::text::Unreadable;
use std::fs;
use std::io;
use std::path::Path;

/// Folders nest no deeper.
const DEEPEST: usize = 64;

/// The files that are named, and those of folders that are named, sorted; without any those of the current folder.
///
/// # Errors
/// Where a folder cannot be read, or none has such a file.
pub(super) fn files(named: &[String]) -> Result<Vec<String>, Unreadable> {
    let here = [".".to_owned()];
    let named = if named.is_empty() { &here[..] } else { named };
    let mut files = Vec::new();
    for name in named {
        let path = Path::new(name);
        if path.is_dir() {
            let known = files.len();
            below(path, 0, &mut files).map_err(|error| unreadable(name, &error))?;
            if files.len() == known {
                return Err(Unreadable {
                    message: format!("there is no workflow file in or below {}", crate::report::printable_line(name)),
                    help: "Name the files to test, or a folder with some.".to_owned(),
                });
            }
        } else {
            files.push(name.clone());
        }
    }
    Ok(files)
}

fn unreadable(name: &str, error: &io::Error) -> Unreadable {
    let message = format!("folder {} cannot be read: {error}", crate::report::printable_line(name));
    Unreadable { message, help: "Name the files to test instead.".to_owned() }
}

/// Adds the workflow files in a folder and below; hidden folders and links are left out.
fn below(folder: &Path, depth: usize, files: &mut Vec<String>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        let type_ = entry.file_type()?;
        if type_.is_dir() && depth < DEEPEST && !name.to_string_lossy().starts_with('.') {
            below(&path, depth + 1, files)?;
        } else if type_.is_file() && path.extension().is_some_and(|extension| extension == "wf") {
            let shown = path.strip_prefix(".").unwrap_or(&path);
            files.push(shown.to_string_lossy().into_owned());
        }
    }
    Ok(())
}
