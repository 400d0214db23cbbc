//! Extended attributes of files, such as access control lists and labels.

use rustix::fs::{XattrFlags, fsetxattr, lgetxattr, llistxattr};
use rustix::io::Errno;
use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::path::Path;

/// What a file of Linux may have of names, and in one value.
const LARGEST: usize = 1 << 16;

/// Gives a file the attributes that stand at a path; those that only the system may give stay as it gave them.
///
/// # Errors
/// Where one that this user could give cannot be read or given.
pub(super) fn carry(from: &Path, to: &File) -> io::Result<()> {
    let mut names = vec![0; LARGEST];
    let length = match llistxattr(from, &mut names) {
        Ok(length) => length,
        Err(Errno::OPNOTSUPP | Errno::NOENT) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    names.truncate(length);
    for name in names.split_inclusive(|byte| *byte == 0).filter_map(|name| CStr::from_bytes_with_nul(name).ok()) {
        if let Err(error) = carry_one(from, to, name)
            && is_ours(name)
        {
            return Err(error.into());
        }
    }
    Ok(())
}

fn carry_one(from: &Path, to: &File, name: &CStr) -> Result<(), Errno> {
    let mut value = vec![0; LARGEST];
    let length = lgetxattr(from, name, &mut value)?;
    fsetxattr(to, name, value.get(..length).unwrap_or_default(), XattrFlags::empty())
}

fn is_ours(name: &CStr) -> bool {
    [&b"user."[..], b"system.posix_acl_"].iter().any(|prefix| name.to_bytes().starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::carry;
    use rustix::fs::{XattrFlags, lgetxattr, setxattr};
    use std::fs::File;

    #[test]
    fn attributes_are_carried_over() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        File::create(&from).unwrap();
        let target = File::create(&to).unwrap();
        carry(&from, &target).unwrap();
        carry(&folder.path().join("none"), &target).unwrap();
        // Not every file system has them.
        if setxattr(&from, "user.note", b"kept", XattrFlags::empty()).is_ok() {
            carry(&from, &target).unwrap();
            let mut value = [0; 8];
            let length = lgetxattr(&to, "user.note", &mut value).unwrap();
            assert_eq!(value.get(..length), Some(&b"kept"[..]));
        }
    }
}
