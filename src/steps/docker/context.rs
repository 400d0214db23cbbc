//! The context of a build: a directory as an archive, without what is ignored.

use super::ignored::Ignored;
use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tar::{Builder, EntryType, Header};

/// The Dockerfile of a context, unless `file` names another.
const DOCKERFILE: &str = "Dockerfile";

/// What a Dockerfile from elsewhere is called in the archive.
const FOREIGN: &str = ".wfc.Dockerfile";

/// A directory that is ready to go to the engine.
#[derive(Debug)]
pub(super) struct Context {
    folder: PathBuf,
    /// The Dockerfile as the archive names it.
    pub(super) dockerfile: String,
    /// A Dockerfile that stands elsewhere.
    foreign: Option<PathBuf>,
    ignored: Ignored,
}

impl Context {
    /// Looks at a directory, and at the Dockerfile in it or elsewhere; both absolute.
    ///
    /// # Errors
    /// Says in words what is missing.
    pub(super) fn of(folder: &Path, file: Option<&Path>) -> Result<Self, String> {
        if !folder.is_dir() {
            return Err(format!("directory `{}` of `context` is not there", folder.display()));
        }
        let unreadable = |path: &Path, error: &io::Error| format!("`{}` cannot be read: {error}", path.display());
        let folder = folder.canonicalize().map_err(|error| unreadable(folder, &error))?;
        let file = file.map_or_else(|| folder.join(DOCKERFILE), Path::to_owned);
        if !file.is_file() {
            return Err(format!("there is no `{}`: write it, or name another one by `file`", file.display()));
        }
        let file = file.canonicalize().map_err(|error| unreadable(&file, &error))?;
        let inside = file.strip_prefix(&folder).ok().and_then(Path::to_str).map(str::to_owned);
        let ignored = Self::ignored(&folder, &file)?;
        let foreign = inside.is_none().then_some(file);
        Ok(Self { folder, dockerfile: inside.unwrap_or_else(|| FOREIGN.to_owned()), foreign, ignored })
    }

    /// The patterns of the file beside the Dockerfile that is named after it, or of the context's.
    fn ignored(folder: &Path, dockerfile: &Path) -> Result<Ignored, String> {
        let mut own = dockerfile.as_os_str().to_owned();
        own.push(".dockerignore");
        for path in [PathBuf::from(own), folder.join(".dockerignore")] {
            match fs::read_to_string(&path) {
                Ok(text) => {
                    return Ignored::read(&text).map_err(|line| format!("line {line:?} of `{}` does not parse", path.display()));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(format!("`{}` cannot be read: {error}", path.display())),
            }
        }
        Ok(Ignored::default())
    }

    /// Writes the archive; its files belong to root, as those of every build do.
    pub(super) fn write(&self, to: impl Write) -> io::Result<()> {
        let mut builder = Builder::new(to);
        builder.follow_symlinks(false);
        let mut open = vec![(PathBuf::new(), false)];
        while let Some((folder, above)) = open.pop() {
            for (name, path) in sorted(&self.folder.join(&folder))? {
                let inner = folder.join(name);
                let metadata = fs::symlink_metadata(&path)?;
                let ignored = self.ignored.holds(&inner, above);
                let is_taken = !ignored || inner.to_str() == Some(self.dockerfile.as_str());
                if is_taken {
                    append(&mut builder, &inner, &path, &metadata)?;
                }
                if metadata.is_dir() && (!ignored || self.ignored.has_exceptions() || self.holds_dockerfile(&inner)) {
                    open.push((inner, ignored));
                }
            }
        }
        if let Some(foreign) = &self.foreign {
            append(&mut builder, Path::new(FOREIGN), foreign, &fs::metadata(foreign)?)?;
        }
        builder.into_inner()?.flush()
    }

    fn holds_dockerfile(&self, folder: &Path) -> bool {
        self.foreign.is_none() && Path::new(&self.dockerfile).starts_with(folder)
    }
}

/// What stands in a directory, by name, so that the same context makes the same archive.
fn sorted(folder: &Path) -> io::Result<BTreeMap<std::ffi::OsString, PathBuf>> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("`{}` cannot be read: {error}", folder.display()));
    let entries = fs::read_dir(folder).map_err(named)?;
    entries.map(|entry| entry.map(|entry| (entry.file_name(), entry.path()))).collect()
}

fn append(builder: &mut Builder<impl Write>, name: &Path, path: &Path, metadata: &Metadata) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_mode(metadata.permissions().mode() & 0o7777);
    header.set_mtime(u64::try_from(metadata.mtime()).unwrap_or_default());
    header.set_size(0);
    let kind = metadata.file_type();
    if kind.is_symlink() {
        header.set_entry_type(EntryType::Symlink);
        return builder.append_link(&mut header, name, fs::read_link(path)?);
    }
    if kind.is_dir() {
        header.set_entry_type(EntryType::Directory);
        return builder.append_data(&mut header, name.join(""), io::empty());
    }
    if !kind.is_file() {
        // Sockets and the like mean nothing to an image.
        return Ok(());
    }
    let unread = |error: io::Error| io::Error::new(error.kind(), format!("`{}` cannot be read: {error}", path.display()));
    let file = File::open(path).map_err(unread)?;
    header.set_size(metadata.len());
    // A file that grows or shrinks meanwhile must not spoil the archive.
    let content = io::Read::chain(io::Read::take(file, metadata.len()), io::repeat(0));
    builder.append_data(&mut header, name, io::Read::take(content, metadata.len()))
}

#[cfg(test)]
mod tests {
    use super::Context;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn names(context: &Context) -> Vec<String> {
        let mut archive = Vec::new();
        context.write(&mut archive).unwrap();
        let mut archive = tar::Archive::new(&*archive);
        let names = archive.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn an_archive_holds_what_is_not_ignored() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["Dockerfile", "a.txt", "target/deep/b.txt", "target/keep/c.txt", "docker/Other", "docker/d.txt"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        symlink("a.txt", folder.path().join("link")).unwrap();
        fs::write(folder.path().join(".dockerignore"), "target\n!target/keep\ndocker\n*.txt\nDockerfile\n").unwrap();
        let context = Context::of(folder.path(), None).unwrap();
        assert_eq!(names(&context), [".dockerignore", "Dockerfile", "link", "target/keep/", "target/keep/c.txt"]);
        let context = Context::of(folder.path(), Some(&folder.path().join("docker/Other"))).unwrap();
        assert_eq!(context.dockerfile, "docker/Other");
        assert_eq!(names(&context), [".dockerignore", "docker/Other", "link", "target/keep/", "target/keep/c.txt"]);

        fs::write(folder.path().join("docker/Other.dockerignore"), "*").unwrap();
        let inner = folder.path().join("target");
        let context = Context::of(&inner, Some(&folder.path().join("docker/Other"))).unwrap();
        assert_eq!(names(&context), [".wfc.Dockerfile"]);
        assert!(Context::of(&inner, None).unwrap_err().contains("Dockerfile`: write it"));
        assert!(Context::of(&folder.path().join("gone"), None).unwrap_err().contains("is not there"));
    }
}
