//! Source files for the compiler: the file system, and stdin for `-`.

use crate::text::{self, Unreadable};
use std::cell::RefCell;
use std::path::{Component, Path, PathBuf};
use wf_compiler::{FileProblem, Files};

/// What stdin is called once it has a place among files.
pub(crate) const STDIN: &str = "<stdin>";

/// The files of this machine.
#[derive(Default)]
pub(crate) struct Disk {
    /// What was read from stdin, which can be read once.
    stdin: RefCell<Option<String>>,
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<String, FileProblem> {
        if path.ends_with(STDIN) {
            if let Some(text) = self.stdin.borrow().as_ref() {
                return Ok(text.clone());
            }
            let text = text::read("-").map_err(problem)?;
            *self.stdin.borrow_mut() = Some(text.clone());
            return Ok(text);
        }
        text::read(path).map_err(problem)
    }

    fn resolve(&self, folder: &str, path: &str) -> String {
        let path = if path == "-" { STDIN } else { path };
        let base = if folder.is_empty() { std::env::current_dir().unwrap_or_default() } else { PathBuf::from(folder) };
        let joined = base.join(path);
        // Links are followed where they lead somewhere, so that one file has one path.
        std::fs::canonicalize(&joined).unwrap_or_else(|_| plain(&joined)).display().to_string()
    }
}

fn problem(unreadable: Unreadable) -> FileProblem {
    FileProblem { message: unreadable.message, help: unreadable.help }
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, component| {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            _ => plain.push(component),
        }
        plain
    })
}
