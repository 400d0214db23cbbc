//! How runs go away again.

use crate::history::rows_of;
use crate::run::{RunFilter, RunRow};
use crate::schema::failed;
use crate::{Store, StoreError, reached};
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use wf_model::event::Timestamp;

/// Pages that are given back at a time, so that runs that go on wait only shortly.
const PAGES_AT_ONCE: u32 = 1_000;

/// A folder without a run is left alone for so long: its run may be about to begin.
const YOUNG: Duration = Duration::from_hours(1);

/// Which runs may go. Only runs that have ended do: another one can be gone on with.
#[derive(Clone, Debug, Default)]
pub struct Retention {
    /// Those that ended before; all where it is not said.
    pub ended_before: Option<Timestamp>,
    /// So many of each workflow stay, the latest, whatever they are.
    pub keep: usize,
    /// Those of a workflow.
    pub workflow: Option<String>,
}

impl Store {
    /// The runs that may go, the latest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn expired(&self, retention: &Retention) -> Result<Vec<RunRow>, StoreError> {
        let filter = RunFilter { workflow: retention.workflow.clone(), ..RunFilter::default() };
        let mut seen: HashMap<_, usize> = HashMap::new();
        let mut runs = self.runs(&filter)?;
        runs.retain(|run| {
            let later = seen.entry((run.workflow.clone(), run.file.clone())).or_default();
            *later += 1;
            let ended = run.ended_at.filter(|_| run.state.is_final());
            *later > retention.keep && ended.is_some_and(|ended| retention.ended_before.is_none_or(|before| ended < before))
        });
        Ok(runs)
    }

    /// How many bytes the files of a run take.
    #[must_use]
    pub fn size(&self, run: &str) -> u64 {
        let mut size = 0;
        // What cannot be looked at does not count.
        let _ = walk(&self.folder(run), &mut |_, found| size += if found.is_file() { found.len() } else { 0 });
        size
    }

    /// Deletes a run with all that is kept of it.
    ///
    /// # Errors
    /// [`StoreError::Held`] when a process goes on with it; when there is no such run, or the store cannot be written.
    pub fn delete(&self, run: &str) -> Result<(), StoreError> {
        let (key, ..) = self.journal_of(run)?;
        let lock = self.lock(run)?;
        // Without it the folder is one of a run that never was.
        let folder = self.folder(run);
        reached::forget(&folder).map_err(StoreError::io(&folder))?;
        let path = self.database();
        let failed = failed(&path);
        let transaction = rusqlite::Transaction::new_unchecked(&self.connection, rusqlite::TransactionBehavior::Immediate);
        let transaction = transaction.map_err(&failed)?;
        let (first, last) = rows_of(key);
        transaction.execute("DELETE FROM batches WHERE key BETWEEN ?1 AND ?2", [first, last]).map_err(&failed)?;
        transaction.execute("DELETE FROM messages WHERE run = ?1", [key]).map_err(&failed)?;
        transaction.execute("DELETE FROM definitions WHERE run = ?1", [key]).map_err(&failed)?;
        transaction.execute("DELETE FROM runs WHERE key = ?1", [key]).map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
        // From here on nothing finds the run; a folder that is left is an orphan.
        let removed = remove(&folder);
        drop(lock);
        removed.map_err(StoreError::io(folder))
    }

    /// Gives back what deleted runs took of the database, and removes folders whose deletion was interrupted and what no run that is
    /// kept made or found in the cache; tells how many bytes the database and the cache gave back.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn reclaim(&self) -> Result<u64, StoreError> {
        self.remove_orphans()?;
        let cached = self.cache().sweep(|| self.kept_runs())?;
        let number = |name| self.number(name);
        let before = number("page_count")?;
        if number("auto_vacuum")? == 0 {
            // Made by a version that could not give back pages one by one.
            let path = self.database();
            self.connection.execute_batch("PRAGMA auto_vacuum = incremental; VACUUM").map_err(failed(&path))?;
        }
        let mut free = number("freelist_count")?;
        while free > 0 {
            self.give_back()?;
            let left = number("freelist_count")?;
            if left >= free {
                break;
            }
            free = left;
        }
        self.checkpoint()?;
        Ok(cached + before.saturating_sub(number("page_count")?) * number("page_size")?)
    }

    /// The runs that are kept.
    fn kept_runs(&self) -> Result<BTreeSet<Arc<str>>, StoreError> {
        Ok(self.runs(&RunFilter::default())?.into_iter().map(|run| run.id).collect())
    }

    fn give_back(&self) -> Result<(), StoreError> {
        let path = self.database();
        let mut statement =
            self.connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES_AT_ONCE})")).map_err(failed(&path))?;
        let mut rows = statement.query([]).map_err(failed(&path))?;
        while rows.next().map_err(failed(&path))?.is_some() {}
        Ok(())
    }

    /// The file becomes shorter once the log is in it; where somebody reads, it does later.
    pub(crate) fn checkpoint(&self) -> Result<(), StoreError> {
        let path = self.database();
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(failed(&path))
    }

    fn number(&self, name: &str) -> Result<u64, StoreError> {
        let path = self.database();
        self.connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0)).map(u64::from).map_err(failed(&path))
    }

    fn remove_orphans(&self) -> Result<(), StoreError> {
        let folder = self.root.join("runs");
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(StoreError::io(&folder))?,
        };
        for entry in entries.filter_map(Result::ok) {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let age = entry.metadata().and_then(|found| found.modified()).map(|at| SystemTime::now().duration_since(at));
            let old = age.is_ok_and(|age| age.is_ok_and(|age| age > YOUNG));
            if old && !self.is_held(&name) && matches!(self.journal_of(&name), Err(StoreError::UnknownRun(_))) {
                // It is tried again the next time.
                let _ = remove(&entry.path());
            }
        }
        Ok(())
    }
}

/// Removes a folder; directories in it that nobody may write to, as caches of programs are, are made writable.
fn remove(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            walk(folder, &mut |path, found| {
                if found.is_dir() {
                    // Where it does not help, removing it says why.
                    let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700));
                }
            })?;
            std::fs::remove_dir_all(folder)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Looks at a folder and everything in it, a directory before what is in it; follows no links.
fn walk(folder: &Path, look: &mut dyn FnMut(&Path, &std::fs::Metadata)) -> io::Result<()> {
    let mut left: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        let found = std::fs::symlink_metadata(&path)?;
        look(&path, &found);
        if found.is_dir() {
            left.extend(std::fs::read_dir(&path)?.filter_map(Result::ok).map(|entry| entry.path()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Retention;
    use crate::tests::{begin, write};
    use crate::{Store, StoreError};
    use std::os::unix::fs::PermissionsExt as _;
    use tempfile::TempDir;
    use wf_model::event::Timestamp;

    #[test]
    fn a_deleted_run_leaves_nothing() {
        let folder = TempDir::new().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (gone, stays) = (begin(&store, "deploy", 1), begin(&store, "deploy", 2));
        let events = write(&store, &stays);
        write(&store, &gone);
        let locked = store.folder(&gone).join("scratch/cache");
        std::fs::create_dir_all(locked.join("deep")).unwrap();
        std::fs::write(locked.join("file"), vec![b'x'; 5_000]).unwrap();
        std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o555)).unwrap();
        assert!(store.size(&gone) >= 5_000);
        store.delete(&gone).unwrap();
        assert!(matches!(store.find(&gone), Err(StoreError::UnknownRun(_))));
        assert!(matches!(store.delete(&gone), Err(StoreError::UnknownRun(_))));
        assert!(!store.folder(&gone).exists());
        assert_eq!(store.events(&stays).unwrap(), events);
    }

    #[test]
    fn pages_are_given_back() {
        let folder = TempDir::new().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let stays = begin(&store, "deploy", 0);
        let mut events = Vec::new();
        for number in 1..50 {
            let run = begin(&store, "deploy", number);
            write(&store, &run);
            if number == 25 {
                events = write(&store, &stays);
            }
        }
        store.reclaim().unwrap();
        let size = || std::fs::metadata(folder.path().join("store.db")).unwrap().len();
        let before = size();
        for run in store.runs(&crate::RunFilter::default()).unwrap().iter().filter(|run| run.id != stays) {
            store.delete(&run.id).unwrap();
        }
        let freed = store.reclaim().unwrap();
        assert!(freed > before / 2 && size() == before - freed, "{before} bytes, {freed} freed, {} left", size());
        assert_eq!(store.events(&stays).unwrap(), events);
    }

    #[test]
    fn a_run_that_is_held_stays() {
        let folder = TempDir::new().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let run = begin(&store, "deploy", 1);
        let lock = store.lock(&run).unwrap();
        let other = Store::open(folder.path()).unwrap();
        assert!(matches!(other.delete(&run), Err(StoreError::Held { .. })));
        drop(lock);
        other.delete(&run).unwrap();
    }

    #[test]
    fn ended_runs_expire_by_age_and_number() {
        let folder = TempDir::new().unwrap();
        let store = Store::open(folder.path()).unwrap();
        // All of them end at 4.
        for (workflow, at) in [("deploy", 1), ("deploy", 2), ("deploy", 3), ("backup", 1), ("backup", 2)] {
            let run = begin(&store, workflow, at);
            write(&store, &run);
        }
        begin(&store, "deploy", 4);
        let expired = |retention: &Retention| -> Vec<(String, i64)> {
            let runs = store.expired(retention).unwrap();
            runs.iter().map(|run| (run.workflow.to_string(), run.created_at.milliseconds)).collect()
        };
        let named = |runs: &[(&str, i64)]| runs.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect::<Vec<_>>();
        let all = Retention::default();
        let everything = [("deploy", 3), ("backup", 2), ("deploy", 2), ("backup", 1), ("deploy", 1)];
        assert_eq!(expired(&all), named(&everything));
        // The latest of `deploy` has not begun; of `backup` the second stays.
        assert_eq!(
            expired(&Retention { keep: 1, ..all.clone() }),
            named(&[everything[0], everything[2], everything[3], everything[4]])
        );
        assert_eq!(expired(&Retention { keep: 3, workflow: Some("deploy".to_owned()), ..all.clone() }), named(&[("deploy", 1)]));
        let before = |milliseconds| Retention { ended_before: Some(Timestamp { milliseconds }), ..all.clone() };
        assert_eq!(expired(&before(4)), []);
        assert_eq!(expired(&before(5)).len(), 5);
    }

    #[test]
    fn folders_whose_run_is_gone_are_removed_once_they_are_old() {
        let folder = TempDir::new().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let orphan = store.folder("orphan");
        std::fs::create_dir_all(&orphan).unwrap();
        let kept = store.folder(&begin(&store, "deploy", 1));
        store.reclaim().unwrap();
        assert!(orphan.exists(), "its run may be about to begin");
        for path in [&orphan, &kept] {
            std::fs::File::open(path).unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
        }
        store.reclaim().unwrap();
        assert!(!orphan.exists() && kept.exists());
    }
}
