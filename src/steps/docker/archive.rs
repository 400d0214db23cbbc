//! Archives in which files go into containers and come out of them.

use std::io::{self, Read, Write};
use std::path::Path;
use tar::{Archive, Builder, EntryType, Header};
use wf_runtime::process::KEPT;

/// An archive with a folder that everybody may write to, and files in it; those without content everybody may write, all others nobody.
pub(super) fn of_files(folder: &str, files: &[(String, Option<Vec<u8>>)]) -> io::Result<Vec<u8>> {
    let folder = folder.trim_start_matches('/');
    let mut builder = Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Directory);
    header.set_mode(0o777);
    header.set_size(0);
    builder.append_data(&mut header, format!("{folder}/"), io::empty())?;
    for (name, content) in files {
        let mut header = Header::new_gnu();
        header.set_mode(if content.is_some() { 0o444 } else { 0o666 });
        let content = content.as_deref().unwrap_or_default();
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, format!("{folder}/{name}"), content)?;
    }
    builder.into_inner()
}

/// Writes the first file of an archive to a file of its own.
pub(super) fn unpack_file(archive: &[u8], to: &Path) -> io::Result<()> {
    let mut archive = Archive::new(archive);
    let Some(entry) = archive.entries()?.next() else { return Ok(()) };
    let entry = entry?;
    if entry.header().entry_type() != EntryType::Regular {
        return Err(io::Error::other("it is no file any more"));
    }
    let mut content = Vec::new();
    entry.take(KEPT as u64 + 1).read_to_end(&mut content)?;
    std::fs::File::create(to)?.write_all(&content)
}

#[cfg(test)]
mod tests {
    use super::{of_files, unpack_file};

    #[test]
    fn files_go_in_and_come_out() {
        let archive = of_files("/.wfc", &[("a".to_owned(), Some(b"text".to_vec())), ("output".to_owned(), None)]).unwrap();
        let entries: Vec<_> = tar::Archive::new(&*archive)
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                (entry.path().unwrap().display().to_string(), entry.header().mode().unwrap(), entry.size())
            })
            .collect();
        let of = |name: &str, mode, size| (name.to_owned(), mode, size);
        assert_eq!(entries, [of(".wfc/", 0o777, 0), of(".wfc/a", 0o444, 4), of(".wfc/output", 0o666, 0)]);
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("output");
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(3);
        builder.append_data(&mut header, "output", &b"a=1"[..]).unwrap();
        unpack_file(&builder.into_inner().unwrap(), &target).unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "a=1");
        assert!(unpack_file(&archive, &target).is_err(), "a folder is no file");
    }
}
