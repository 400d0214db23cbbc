//! What `docs/adding-a-kind.md` says is done to a copy of the sources, and adds a kind.

use crate::cli::{Outcome, Place};
use crate::examples::files;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The blocks of a page, each with the paragraph before it.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let parts: Vec<&str> = page.split("```").collect();
    // A block begins behind the name of its language.
    let pairs = parts.chunks_exact(2).filter_map(|pair| Some((pair[0].trim_end(), pair[1].split_once('\n')?.1)));
    pairs.map(|(before, block)| (before.rsplit("\n\n").next().expect("split gives a part"), block)).collect()
}

/// A copy of the sources, with what is built of other people's crates already.
struct Copy {
    folder: PathBuf,
}

impl Copy {
    fn new() -> Self {
        let copy = Self { folder: Path::new(env!("CARGO_TARGET_TMPDIR")).join("adding-a-kind") };
        let _ = fs::remove_dir_all(&copy.folder);
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folders = ["src", "grammar", "docs", "fuzz", "benches"].map(|folder| files(&root.join(folder))).concat();
        let single = ["Cargo.toml", "Cargo.lock", "rustfmt.toml"].map(|name| root.join(name));
        for path in folders.into_iter().chain(single) {
            let name = path.strip_prefix(root).expect("a file of the checkout").to_str().expect("UTF-8");
            copy.write(name, &fs::read(&path).expect("a file"));
        }
        // Only the program is built; an empty test keeps the features of its dependencies those of all tests.
        copy.write("tests/main.rs", b"//! Nothing.\n");
        copy.link_dependencies();
        copy
    }

    fn write(&self, name: &str, content: &[u8]) {
        let path = self.folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
        fs::write(path, content).expect("the file can be written");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).expect("a UTF-8 file")
    }

    /// Without them the build takes minutes longer; what does not fit is built again.
    fn link_dependencies(&self) {
        let tests = std::env::current_exe().expect("a path");
        let built = tests.parent().and_then(Path::parent).expect("the folder of the profile");
        for kind in ["deps", "build", ".fingerprint"] {
            let target = self.folder.join("target/debug").join(kind);
            fs::create_dir_all(&target).expect("the folder can be made");
            for entry in fs::read_dir(built.join(kind)).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                // Ours are built anew, and must not be written through a link.
                if !["wf", "libwf", "main-"].iter().any(|own| name.starts_with(own)) {
                    let _ = Command::new("cp").args(["-al"]).arg(entry.path()).arg(&target).status();
                }
            }
        }
    }

    /// Builds `wfc`; gives the path to it.
    fn built(&self) -> PathBuf {
        let mut cargo = Command::new(env!("CARGO"));
        // What cargo tells this test of its own package would make build scripts run again.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CARGO_")) {
            if name != "CARGO_HOME" {
                cargo.env_remove(name);
            }
        }
        let output = cargo
            .args(["test", "--workspace", "--locked", "--no-run", "--test", "main"])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .env("CARGO_INCREMENTAL", "0")
            .output()
            .expect("cargo is there");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.folder.join("target/debug/wfc")
    }
}

#[test]
fn the_page_adds_a_kind_with_a_folder_and_a_line() {
    let copy = Copy::new();
    let page = copy.read("docs/adding-a-kind.md");
    let mut registry = copy.read("src/steps/lib.rs");
    let mut written = Vec::new();
    for (before, block) in blocks(&page) {
        match before.strip_prefix("`src/steps/port/").and_then(|rest| rest.split_once('`')) {
            Some((name, _)) => {
                copy.write(&format!("src/steps/port/{name}"), block.as_bytes());
                written.push(name.to_owned());
            }
            None if block.starts_with("pub mod") => {
                registry = registry.replacen("pub mod notify;\n", &format!("pub mod notify;\n{block}"), 1)
            }
            None => registry = registry.replacen("    ]\n", &format!("{block}    ]\n"), 1),
        }
    }
    assert_eq!(written, ["docs.md", "example.wf", "mod.rs", "executor.rs"]);
    let lines = registry.lines().count() - copy.read("src/steps/lib.rs").lines().count();
    assert_eq!(lines, 2, "the folder's and the one that registers it");
    copy.write("src/steps/lib.rs", registry.as_bytes());

    let formatted = Command::new(env!("CARGO")).args(["fmt", "--check", "-p", "wf-steps"]).current_dir(&copy.folder).output();
    let formatted = formatted.expect("cargo is there");
    assert!(formatted.status.success(), "{}", String::from_utf8_lossy(&formatted.stdout));
    let wfc = copy.built();
    run(&wfc);
    fs::remove_dir_all(&copy.folder).expect("it was made here");
}

/// What a user sees of the new kind.
fn run(wfc: &Path) {
    let text = |rest: &str| {
        format!(
            "workflow main {{\n  param at: string\n  step up: port {{ address: at, {rest} }}\n  output waited: duration = up.waited\n}}\n"
        )
    };
    let place = Place::with(&text("timeout 10s"));
    let wfc = |arguments: &[&str]| {
        let output = place.program(wfc.to_str().expect("UTF-8")).args(arguments).output();
        Outcome::of(output.expect("it was built"))
    };

    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = format!("at={}", server.local_addr().expect("an address"));
    let outcome = wfc(&["run", "main.wf", "--param", &at]);
    assert!(outcome.code == 0 && outcome.stdout.starts_with("waited = "), "{}{}", outcome.stdout, outcome.stderr);

    drop(server);
    place.write("main.wf", &text("timeout 300ms, every: 10ms"));
    let outcome = wfc(&["run", "main.wf", "--param", &at]);
    assert!(outcome.code == 1 && outcome.stderr.contains("attempt took longer than 300ms"), "{}", outcome.stderr);

    place.write("main.wf", &text("timeout 1s, evry: 10ms"));
    let outcome = wfc(&["check", "main.wf"]);
    assert!(outcome.code == 1 && outcome.stdout.contains("every"), "{}{}", outcome.stdout, outcome.stderr);

    let outcome = wfc(&["docs", "--kinds", "port"]);
    assert!(outcome.stdout.starts_with("# `port`\n\nWaits until a TCP port takes connections.\n"), "{}", outcome.stdout);
}
