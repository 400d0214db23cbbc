//! What a step asks of a file.

use crate::process::folder;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use wf_model::failure::{Failure, FailureKind};
use wf_model::kind::parse_mode;
use wf_model::script::Call;
use wf_model::value::Value;

/// What a step asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    /// The file: absolute.
    pub(super) path: PathBuf,
    /// What has to be there.
    pub(super) aim: Aim,
}

/// What has to be at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    /// Nothing.
    Absent,
    /// A file; what is left out stays as it is.
    Present {
        /// Its content.
        content: Option<Vec<u8>>,
        /// Its permissions.
        mode: Option<u32>,
    },
}

impl Wish {
    /// What a call asks for.
    pub(super) fn of(call: &Call, around: &Path) -> Result<Self, Failure> {
        let path = call.value("path").map(Value::exposed).unwrap_or_default();
        let path = checked(&folder(call, around), &path.into())?;
        let aim = if let Some(Value::Bool(true)) = call.value("absent") {
            Aim::Absent
        } else {
            let mode = call.value("mode").and_then(Value::render).map(|text| mode(&text)).transpose()?;
            let content = call.value("content").filter(|value| **value != Value::Null);
            Aim::Present { content: content.map(|value| value.exposed().into_bytes()), mode }
        };
        Ok(Self { path, aim })
    }
}

fn checked(folder: &Path, written: &OsString) -> Result<PathBuf, Failure> {
    let path = folder.join(written);
    let text = written.as_bytes();
    if text.contains(&0) {
        return Err(refused("`path` holds a NUL character"));
    }
    if text.is_empty() || text.ends_with(b"/") || path.file_name().is_none() {
        return Err(refused(&format!(
            "`path` is {}, which names no file",
            Path::new(written).display().to_string().escape_debug()
        )));
    }
    Ok(path)
}

fn mode(text: &str) -> Result<u32, Failure> {
    parse_mode(text)
        .ok_or_else(|| refused(&format!("`mode` is {text:?}, which is no octal number up to \"7777\", such as \"0644\"")))
}

fn refused(message: &str) -> Failure {
    Failure::final_of(FailureKind::Engine, message)
}

#[cfg(test)]
mod tests {
    use super::checked;
    use std::path::{Path, PathBuf};

    #[test]
    fn paths_name_files() {
        let check = |written: &str| checked(Path::new("/work"), &written.into());
        assert_eq!(check("a/../b").unwrap(), PathBuf::from("/work/a/../b"));
        assert_eq!(check("/etc/x").unwrap(), PathBuf::from("/etc/x"));
        for written in ["", "/", "a/", "..", "a/..", "a\0b"] {
            assert!(check(written).is_err(), "{written:?}");
        }
    }
}
