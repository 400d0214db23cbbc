//! `mounts`: directories of the machine, and volumes, in the container.

use crate::process::not_started;
use bollard::models::{Mount, MountType};
use std::path::{Component, Path, PathBuf};
use wf_model::failure::Failure;

/// Reads `source:target` or `source:target:ro`; paths are seen from `folder`.
pub(super) fn read(text: &str, folder: &Path) -> Result<Mount, Failure> {
    let faulty = |why: &str| not_started(&format!("mount {text:?} {why}: write \"./source:/target\" or \"./source:/target:ro\""));
    let mut parts = text.split(':');
    let (Some(source), Some(target), option, None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(faulty("has no two parts with a colon between"));
    };
    if source.is_empty() {
        return Err(faulty("has nothing before its colon"));
    }
    if !target.starts_with('/') {
        return Err(faulty("does not say where in the container, by an absolute path"));
    }
    let read_only = match option {
        None | Some("rw") => false,
        Some("ro") => true,
        Some(_) => return Err(faulty("ends in something other than `ro` or `rw`")),
    };
    let (typ, source) = if is_path(source) {
        (MountType::BIND, plain(&folder.join(source)).to_string_lossy().into_owned())
    } else {
        (MountType::VOLUME, source.to_owned())
    };
    Ok(Mount {
        typ: Some(typ),
        source: Some(source),
        target: Some(target.to_owned()),
        read_only: Some(read_only),
        ..Mount::default()
    })
}

/// Whether it is a path; other names are those of volumes.
fn is_path(source: &str) -> bool {
    source == "." || source == ".." || source.contains('/')
}

/// The path without `.` and, where that says the same, `..`: engines take no others.
fn plain(path: &Path) -> PathBuf {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    path.components().filter(|component| *component != Component::CurDir).collect()
}

#[cfg(test)]
mod tests {
    use super::read;
    use bollard::models::MountType;
    use std::path::Path;

    #[test]
    fn mounts_are_read() {
        let of = |text: &str| {
            let mount = read(text, Path::new("/none/here")).map_err(|failure| failure.message.to_string())?;
            Ok::<_, String>((mount.typ, mount.source.unwrap(), mount.target.unwrap(), mount.read_only.unwrap()))
        };
        let bind = |source: &str, only| Ok((Some(MountType::BIND), source.to_owned(), "/t".to_owned(), only));
        assert_eq!(of("./data:/t"), bind("/none/here/data", false));
        assert_eq!(of("data/x:/t:ro"), bind("/none/here/data/x", true));
        assert_eq!(of("/data:/t:rw"), bind("/data", false));
        assert_eq!(of("cache:/t"), Ok((Some(MountType::VOLUME), "cache".to_owned(), "/t".to_owned(), false)));
        for text in ["", "x", "x:", ":/t", "x:y", "x:/t:z", "x:/t:ro:more"] {
            assert!(of(text).is_err_and(|message| message.starts_with("mount ") && message.contains("write ")), "{text}");
        }
    }
}
