//! Source files for the compiler: the file system, and stdin for `-`.

use crate::text::{self, Unreadable};
use std::cell::RefCell;
use std::path::{Component, Path, PathBuf};
use wf_compiler::{Compilation, FileProblem, Files, compile};
use wf_model::diagnostic::Level;
use wf_store::{Definition, Resolution, StoredSource};

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

/// Reads files and remembers what it read, so that a run can keep what it goes by.
pub(crate) struct Remembered {
    files: Disk,
    sources: RefCell<Vec<StoredSource>>,
    resolutions: RefCell<Vec<Resolution>>,
}

impl Remembered {
    pub(crate) fn new() -> Self {
        Self { files: Disk::default(), sources: RefCell::default(), resolutions: RefCell::default() }
    }

    /// Everything that was read, and how it was named.
    pub(crate) fn take(self) -> (Vec<StoredSource>, Vec<Resolution>) {
        (self.sources.into_inner(), self.resolutions.into_inner())
    }
}

impl Files for Remembered {
    fn read(&self, path: &str) -> Result<String, FileProblem> {
        let text = self.files.read(path)?;
        self.sources.borrow_mut().push(StoredSource { path: path.into(), text: text.as_str().into() });
        Ok(text)
    }

    fn resolve(&self, folder: &str, path: &str) -> String {
        let resolved = self.files.resolve(folder, path);
        let resolution = Resolution { folder: folder.into(), written: path.into(), path: resolved.as_str().into() };
        self.resolutions.borrow_mut().push(resolution);
        resolved
    }
}

/// The files that a run goes by, as they are now.
pub(crate) struct Current {
    remembered: Remembered,
    /// What the file was called that was started, and where it is.
    started: Resolution,
}

impl Current {
    /// Those of a run; `None` where it was read from stdin.
    pub(crate) fn of(definition: &Definition) -> Option<Self> {
        let named = |known: &&Resolution| known.folder.is_empty() && known.written == definition.file;
        let started = definition.resolutions.iter().find(named).filter(|started| !started.path.ends_with(STDIN))?.clone();
        Some(Self { remembered: Remembered::new(), started })
    }

    /// Everything that was read, and how it was named.
    pub(crate) fn take(self) -> (Vec<StoredSource>, Vec<Resolution>) {
        self.remembered.take()
    }
}

impl Files for Current {
    fn read(&self, path: &str) -> Result<String, FileProblem> {
        self.remembered.read(path)
    }

    fn resolve(&self, folder: &str, path: &str) -> String {
        if !folder.is_empty() || path != &*self.started.written {
            return self.remembered.resolve(folder, path);
        }
        // This process may stand elsewhere than the one that began the run.
        self.remembered.resolutions.borrow_mut().push(self.started.clone());
        self.started.path.to_string()
    }
}

/// The files that a run goes by, as they were when it began.
struct Kept<'a>(&'a Definition);

impl Files for Kept<'_> {
    fn read(&self, path: &str) -> Result<String, FileProblem> {
        let source = self.0.sources.iter().find(|source| *source.path == *path);
        let missing = || FileProblem { message: format!("the run kept no {path}"), help: "Run it again.".to_owned() };
        source.map(|source| source.text.to_string()).ok_or_else(missing)
    }

    fn resolve(&self, folder: &str, path: &str) -> String {
        let known = self.0.resolutions.iter().find(|known| *known.folder == *folder && *known.written == *path);
        known.map_or_else(|| path.to_owned(), |known| known.path.to_string())
    }
}

/// Compiles what a run goes by; its findings were told when it began.
pub(crate) fn compiled(definition: &Definition) -> Compilation {
    compile(&definition.file, &Kept(definition), wf_steps::registry(), Level::Basic)
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
