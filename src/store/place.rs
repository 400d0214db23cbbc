//! Where stores are.

use crate::StoreError;
use std::ffi::OsString;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// The folder of the store: `WFC_STORE`, or `wfc` in the directory for state that XDG names.
///
/// # Errors
/// When no variable names a place. Relative paths in `XDG_STATE_HOME` do not count, as the XDG specification says.
pub fn default_root(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, StoreError> {
    let named = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(root) = named("WFC_STORE") {
        return Ok(root);
    }
    let state = named("XDG_STATE_HOME").filter(|path| path.is_absolute());
    let state = state.or_else(|| named("HOME").map(|home| home.join(".local/state")));
    state.map(|state| state.join("wfc")).ok_or(StoreError::NoPlace)
}

/// Makes a folder that only its owner can look into: what steps write is nobody else's business.
pub(crate) fn make(path: &Path) -> Result<(), StoreError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(StoreError::io(path))
}

#[cfg(test)]
mod tests {
    use super::default_root;
    use std::ffi::OsString;
    use std::path::PathBuf;

    #[test]
    fn the_nearest_variable_says_where_runs_are_kept() {
        let root = |variables: &[(&str, &str)]| {
            default_root(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value)))
        };
        let (home, state) = (("HOME", "/home/me"), ("XDG_STATE_HOME", "/state"));
        assert_eq!(root(&[home, state, ("WFC_STORE", "/here")]).unwrap(), PathBuf::from("/here"));
        assert_eq!(root(&[home, state]).unwrap(), PathBuf::from("/state/wfc"));
        assert_eq!(root(&[home, ("XDG_STATE_HOME", "state")]).unwrap(), PathBuf::from("/home/me/.local/state/wfc"));
        assert!(root(&[]).unwrap_err().to_string().contains("WFC_STORE"));
    }
}
