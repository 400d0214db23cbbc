//! How long the steps of ended runs took, kept when somebody asked for it; it outlives its runs.

use crate::schema::failed;
use crate::{RunFilter, RunRow, Store, StoreError};
use rusqlite::OptionalExtension as _;
use wf_model::estimate::{RunTimes, Stopwatch};

/// Of each workflow of a file the latest so many are kept.
const KEPT: u32 = 100;

/// Among so many of the latest runs is looked for some whose times are not kept yet.
const LOOKED_AT: u32 = 200;

impl Store {
    /// The latest runs of workflows of this name that have ended and whose times are not kept, at most so many.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn runs_without_times(&self, workflow: &str, most: usize) -> Result<Vec<RunRow>, StoreError> {
        let filter = RunFilter { workflow: Some(workflow.to_owned()), limit: Some(LOOKED_AT), ..RunFilter::default() };
        let mut found = Vec::new();
        for run in self.runs(&filter)?.into_iter().filter(|run| run.state.is_final()) {
            let known = self.connection.query_row("SELECT 1 FROM times WHERE run = ?1", [&*run.id], |_| Ok(())).optional();
            if known.map_err(failed(&self.database()))?.is_none() {
                found.push(run);
            }
            if found.len() == most {
                break;
            }
        }
        Ok(found)
    }

    /// How long the steps of a run took, read from its journal.
    ///
    /// # Errors
    /// When there is no such run, or its journal is not what was written.
    pub fn read_times(&self, run: &str) -> Result<RunTimes, StoreError> {
        let mut watch = Stopwatch::default();
        for events in self.history(run)? {
            events?.iter().for_each(|event| watch.event(event));
        }
        Ok(watch.times())
    }

    /// Keeps how long the steps of a run took that has ended; of a workflow with very many, the latest stay.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn keep_times(&self, run: &RunRow, source: &str, times: &RunTimes) -> Result<(), StoreError> {
        let path = self.database();
        let text = serde_json::to_string(times)
            .map_err(|error| StoreError::Database { path: path.clone(), reason: error.to_string() })?;
        let ended_at = run.ended_at.unwrap_or(run.created_at).milliseconds;
        let insert = "INSERT OR REPLACE INTO times (run, workflow, source, ended_at, times) VALUES (?1, ?2, ?3, ?4, ?5)";
        let values = rusqlite::params![&*run.id, &*run.workflow, source, ended_at, text];
        self.connection.execute(insert, values).map_err(failed(&path))?;
        let bound = "DELETE FROM times WHERE workflow = ?1 AND source = ?2 AND key NOT IN
            (SELECT key FROM times WHERE workflow = ?1 AND source = ?2 ORDER BY ended_at DESC LIMIT ?3)";
        self.connection.execute(bound, rusqlite::params![&*run.workflow, source, KEPT]).map_err(failed(&path))?;
        Ok(())
    }

    /// How long the steps of the latest runs of a workflow of a file took, the latest first, at most so many.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn times(&self, workflow: &str, source: &str, most: u32) -> Result<Vec<RunTimes>, StoreError> {
        let path = self.database();
        let query = "SELECT times FROM times WHERE workflow = ?1 AND source = ?2 ORDER BY ended_at DESC, key DESC LIMIT ?3";
        let mut statement = self.connection.prepare(query).map_err(failed(&path))?;
        let rows = statement.query_map(rusqlite::params![workflow, source, most], |row| row.get::<_, String>(0));
        let texts: Result<Vec<String>, _> = rows.map_err(failed(&path))?.collect();
        // What another version wrote is no history.
        Ok(texts.map_err(failed(&path))?.iter().filter_map(|text| serde_json::from_str(text).ok()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::KEPT;
    use crate::Store;
    use crate::tests::{begin, write};
    use tempfile::TempDir;
    use wf_model::estimate::{RunTimes, StepTimes};

    fn times(took: u64) -> RunTimes {
        let step = StepTimes { digest: "d".into(), count: 1, took: vec![took] };
        RunTimes { steps: [("a".into(), step)].into(), rounds: [("loop".into(), took)].into() }
    }

    #[test]
    fn times_are_kept_once_for_each_ended_run_and_outlive_it() {
        let folder = TempDir::new().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (ended, open) = (begin(&store, "deploy", 1), begin(&store, "deploy", 2));
        write(&store, &ended);
        let found = store.runs_without_times("deploy", 5).unwrap();
        assert_eq!((found.len(), &found[0].id), (1, &ended));
        store.keep_times(&found[0], "/work/deploy.wf", &times(7)).unwrap();
        assert!(store.runs_without_times("deploy", 5).unwrap().is_empty(), "{open} goes on");
        store.delete(&ended).unwrap();
        assert_eq!(store.times("deploy", "/work/deploy.wf", 5).unwrap(), [times(7)]);
        assert!(store.times("deploy", "/other/deploy.wf", 5).unwrap().is_empty());
    }

    #[test]
    fn the_latest_come_first_and_the_oldest_go() {
        let folder = TempDir::new().unwrap();
        let store = Store::open(folder.path()).unwrap();
        for number in 0..i64::from(KEPT) + 3 {
            let id = begin(&store, "deploy", number);
            let mut run = store.find(&id).unwrap();
            run.ended_at = Some(wf_model::event::Timestamp { milliseconds: number });
            store.keep_times(&run, "s", &times(u64::try_from(number).unwrap())).unwrap();
        }
        assert_eq!(store.times("deploy", "s", 1).unwrap(), [times(u64::from(KEPT) + 2)]);
        assert_eq!(store.times("deploy", "s", KEPT * 2).unwrap().len(), KEPT as usize);
    }
}
