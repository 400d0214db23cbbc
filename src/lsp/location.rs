//! Between the addresses of documents and paths.

use crate::types::Uri;

/// The path of a document; one that is no file has its whole address for a name.
pub(crate) fn path(uri: &Uri) -> String {
    let text = uri.as_str();
    let file = text.starts_with("file:").then(|| uri.to_file_path()).flatten();
    file.map_or_else(|| text.to_owned(), |path| path.display().to_string())
}

/// The address of a file; `None` for what is no file.
pub(crate) fn uri(path: &str) -> Option<Uri> {
    path.starts_with('/').then(|| Uri::from_file_path(path)).flatten()
}

#[cfg(test)]
mod tests {
    use super::{path, uri};
    use std::str::FromStr;

    #[test]
    fn files_have_paths_and_everything_else_its_address() {
        let file = crate::types::Uri::from_str("file:///a%20b/%C3%A7.wf").unwrap();
        assert_eq!(path(&file), "/a b/ç.wf");
        assert_eq!(uri("/a b/ç.wf"), Some(file));
        let unsaved = crate::types::Uri::from_str("untitled:Untitled-1").unwrap();
        assert_eq!(path(&unsaved), "untitled:Untitled-1");
        assert_eq!(uri("untitled:Untitled-1"), None);
    }
}
