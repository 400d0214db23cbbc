//! Changing a file so that it can be given back, whenever the process ends.
//!
//! What stands there is copied into the run and the change written down, both durable, before anything happens to the file. The
//! file changes in one go: its successor is written beside it and takes its place. So at any instant the file is as it was, or as
//! it is to be, and whoever goes on knows both.

use super::attributes::carry;
use super::kept::{Kept, Record};
use super::problem::Problem;
use super::state::{Identity, Seen, State, digest, followed, identity_at, look};
use super::wish::{Aim, Wish};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown, symlink};
use std::path::Path;

/// A change of one file.
pub(super) struct Change<'a> {
    pub(super) kept: Kept,
    /// Whether the attempt is asked to end.
    pub(super) stopped: &'a dyn Fn() -> bool,
}

impl Change<'_> {
    /// Makes the file so; whether that changed anything.
    pub(super) fn make(&self, wish: &Wish) -> Result<bool, Problem> {
        let path = if wish.aim == Aim::Absent { wish.path.clone() } else { followed(&wish.path)? };
        if let Some(record) = self.kept.record()? {
            return self.make_again(&record, wish, &path);
        }
        let Some((record, seen)) = self.begin(wish, &path)? else { return Ok(false) };
        self.kept.keep(&record)?;
        self.apply(&record, wish, seen.identity)?;
        Ok(true)
    }

    /// Goes on with a change that an earlier attempt has begun.
    fn make_again(&self, record: &Record, wish: &Wish, path: &Path) -> Result<bool, Problem> {
        if record.path != path {
            return Err(Problem::LeadsElsewhere(path.to_owned()));
        }
        self.clear(record)?;
        let seen = look(path, record.is_of_content(), None, self.stopped)?;
        if seen.state == record.former {
            self.apply(record, wish, seen.identity)?;
        } else if seen.state != record.made {
            return Err(Problem::ChangedByOthers(path.to_owned()));
        }
        Ok(true)
    }

    /// Looks at the file, and copies what stands in it; `None` where it is as it should be.
    fn begin(&self, wish: &Wish, path: &Path) -> Result<Option<(Record, Seen)>, Problem> {
        let mut seen = look(path, may_be_so(wish, path), None, self.stopped)?;
        let made = aimed(&wish.aim, &seen.state);
        if made == seen.state {
            return Ok(None);
        }
        let is_of_content = !matches!(wish.aim, Aim::Present { content: None, .. });
        if is_of_content && matches!(seen.state, State::File { .. }) {
            let mut copy = self.kept.content_to_write()?;
            seen = look(path, true, Some(&mut copy), self.stopped)?;
            // Where they cannot be kept, a file that is gone comes back without them.
            let _ = carry(path, &copy);
            copy.sync_all().map_err(Problem::Kept)?;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // A name may be as long as the file system takes.
        let short: String = name.chars().take(40).collect();
        let temporary = path.with_file_name(format!(".{short}.{}", random_letters()));
        let record = Record { path: path.to_owned(), temporary, former: seen.state.clone(), owner: seen.owner, made };
        Ok(Some((record, seen)))
    }

    fn apply(&self, record: &Record, wish: &Wish, identity: Option<Identity>) -> Result<(), Problem> {
        if (self.stopped)() {
            return Err(Problem::Stopped);
        }
        let content = match &wish.aim {
            Aim::Present { content: Some(content), .. } => content.as_slice(),
            Aim::Present { content: None, .. } | Aim::Absent => &[],
        };
        let replaced = self.replace(record, &record.made, &mut &*content, identity);
        if replaced.is_err() {
            self.forget_unless_made(record);
        }
        replaced?;
        // Not every file system keeps every mode.
        let made = look(&record.path, record.is_of_content(), None, &|| false)?.state;
        if made != record.made {
            self.kept.keep(&Record { made, ..record.clone() })?;
        }
        Ok(())
    }

    /// What failed to change anything has nothing to undo, and is begun anew by the next attempt.
    fn forget_unless_made(&self, record: &Record) {
        let seen = look(&record.path, record.is_of_content(), None, &|| false);
        if seen.is_ok_and(|seen| seen.state == record.former) {
            self.kept.forget();
        }
    }

    /// Gives back what stood there; whether that changed anything.
    pub(super) fn undo(&self) -> Result<bool, Problem> {
        // Nothing was kept where nothing was changed.
        let Some(record) = self.kept.record()? else { return Ok(false) };
        self.clear(&record)?;
        let seen = look(&record.path, record.is_of_content(), None, self.stopped)?;
        if seen.state == record.former {
            return Ok(false);
        }
        if seen.state != record.made {
            return Err(Problem::ChangedByOthers(record.path));
        }
        if (self.stopped)() {
            return Err(Problem::Stopped);
        }
        let mut content: Box<dyn Read> = match &record.former {
            State::File { digest: Some(_), .. } => Box::new(self.kept.content()?),
            State::File { digest: None, .. } | State::Missing | State::Link(_) => Box::new(io::empty()),
        };
        self.replace(&record, &record.former, &mut content, seen.identity)?;
        Ok(true)
    }

    /// Removes what a killed attempt left beside the file.
    fn clear(&self, record: &Record) -> Result<(), Problem> {
        match fs::remove_file(&record.temporary) {
            Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Err(Problem::File(record.path.clone(), error))
            }
            _ => Ok(()),
        }
    }

    /// Puts something in the place of what was seen there.
    fn replace(&self, record: &Record, state: &State, content: &mut dyn Read, seen: Option<Identity>) -> Result<(), Problem> {
        let path = &record.path;
        let error = |error| Problem::File(path.clone(), error);
        let written = match state {
            State::Missing => Ok(()),
            State::File { mode, digest: None } => {
                return fs::set_permissions(path, Permissions::from_mode(*mode)).map_err(error);
            }
            State::File { mode, digest: Some(_) } => self.write(record, *mode, content),
            State::Link(target) => symlink(target, &record.temporary).map_err(error),
        };
        let placed = written.and_then(|()| {
            if identity_at(path)? != seen {
                return Err(Problem::ChangesNow(path.clone()));
            }
            match state {
                State::Missing => fs::remove_file(path).map_err(error),
                State::File { .. } | State::Link(_) => fs::rename(&record.temporary, path).map_err(error),
            }
        });
        if placed.is_err() {
            let _ = fs::remove_file(&record.temporary);
        }
        placed?;
        let folder = path.parent().unwrap_or(path);
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(error)
    }

    /// Writes the successor of a file beside it.
    fn write(&self, record: &Record, mode: u32, content: &mut dyn Read) -> Result<(), Problem> {
        let error = |error| Problem::File(record.path.clone(), error);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&record.temporary).map_err(error)?;
        io::copy(content, &mut file).map_err(error)?;
        if let Some((user, group)) = record.owner {
            let found = file.metadata().map_err(error)?;
            if (found.uid(), found.gid()) != (user, group) {
                fchown(&file, Some(user), Some(group)).map_err(|_| Problem::Owner(record.path.clone()))?;
            }
        }
        let model = if record.path.symlink_metadata().is_ok() { record.path.clone() } else { self.kept.content_path() };
        carry(&model, &file).map_err(error)?;
        // A change of the owner takes some bits away.
        file.set_permissions(Permissions::from_mode(mode)).map_err(error)?;
        file.sync_all().map_err(error)
    }
}

/// Whether a file has as much content as it should: only then it is worth to be read to compare it.
fn may_be_so(wish: &Wish, path: &Path) -> bool {
    let Aim::Present { content: Some(content), .. } = &wish.aim else { return false };
    path.symlink_metadata().is_ok_and(|found| found.len() == content.len() as u64)
}

/// What has to stand where something is.
fn aimed(aim: &Aim, seen: &State) -> State {
    let Aim::Present { content, mode } = aim else { return State::Missing };
    let (former, former_digest) = match seen {
        State::File { mode, digest } => (*mode, digest.clone()),
        State::Missing | State::Link(_) => (0o666 & !umask(), Some(digest(&[]))),
    };
    State::File { mode: mode.unwrap_or(former), digest: content.as_deref().map(digest).or(former_digest) }
}

/// What this process takes from the permissions of new files. The call that tells it would also set it, for all threads.
fn umask() -> u32 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    line.and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok()).unwrap_or(0o022)
}

/// Letters that no other file has in its name.
fn random_letters() -> String {
    use std::hash::{BuildHasher, RandomState};
    format!("{:016x}", RandomState::new().hash_one(std::process::id()))
}
