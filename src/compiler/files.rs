//! Where source texts come from.

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProblem {
    /// One fact, lower case, no full stop.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Gives the compiler its texts, so that it needs no file system.
pub trait Files {
    /// The text of the file at `path`, as [`Files::resolve`] gave it.
    ///
    /// # Errors
    /// Why there is none.
    fn read(&self, path: &str) -> Result<String, FileProblem>;
    /// The absolute path of `path`, seen from the absolute `folder`; equal for equal files where that can be known.
    fn resolve(&self, folder: &str, path: &str) -> String;
}
