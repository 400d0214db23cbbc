//! What a store keeps, and that it never tells another story than the one that was written.

use crate::{Definition, NewRun, RunFilter, Store, StoreError, StoredArgument, StoredJournal, StoredSource, new_id};
use std::sync::Arc;
use tempfile::TempDir;
use wf_model::event::{Event, EventKind, Instance, InstanceId, InstanceKind, Timestamp};
use wf_model::run::RunState;
use wf_model::value::{Secret, Value};
use wf_runtime::dispatcher::{Durability, Journal as _};

fn definition() -> Definition {
    Definition {
        file: "deploy.wf".into(),
        folder: "/work".into(),
        sources: vec![StoredSource { path: "/work/deploy.wf".into(), text: "workflow deploy {}".into() }],
        resolutions: Vec::new(),
        arguments: vec![
            StoredArgument { name: "env".into(), value: Value::string("prod"), origin: Some("--param".into()) },
            StoredArgument { name: "token".into(), value: Value::Secret(Secret::new("hunter2")), origin: None },
        ],
        jobs: 4,
        version: "0.1.0".into(),
        plan: None,
    }
}

pub(crate) fn begin(store: &Store, workflow: &str, milliseconds: i64) -> Arc<str> {
    let (id, created_at) = (new_id(), Timestamp { milliseconds });
    let run = NewRun { id: id.clone(), workflow: workflow.into(), created_at, definition: definition() };
    store.begin(&run).unwrap();
    id
}

fn at(milliseconds: i64, kind: EventKind) -> Event {
    Event { at: Timestamp { milliseconds }, kind }
}

/// A journal beside a store that is open.
pub(crate) fn journal(store: &Store, id: &str) -> Result<StoredJournal, StoreError> {
    Store::open(store.root())?.into_journal(id)
}

pub(crate) fn history(id: &str) -> Vec<Vec<Event>> {
    let step = |number: u64| Instance { id: InstanceId(number), path: format!("step{number}").into() };
    let started = EventKind::RunStarted {
        run: id.into(),
        workflow: "deploy".into(),
        arguments: Vec::new(),
        directory: "/tmp".into(),
        boot: None,
    };
    let mut batches = vec![vec![at(1, started)]];
    for number in 1..20 {
        let kind = InstanceKind::Step("shell".into());
        let ready = EventKind::Ready { instance: step(number), kind, rounds: Vec::new() };
        let done = EventKind::Succeeded { instance: step(number), value: Value::string(&"x".repeat(200)) };
        batches.push(vec![at(2, ready), at(3, done)]);
    }
    batches.push(vec![at(4, EventKind::RunEnded { state: RunState::Succeeded, cause: None })]);
    batches
}

pub(crate) fn write(store: &Store, id: &str) -> Vec<Event> {
    let mut journal = journal(store, id).unwrap();
    for batch in history(id) {
        journal.append(&batch, Durability::Soon).unwrap();
    }
    history(id).concat()
}

#[test]
fn a_run_is_read_as_it_was_written() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(&folder.path().join("deep/down")).unwrap();
    let id = begin(&store, "deploy", 1);
    assert_eq!(store.events(&id).unwrap(), Vec::new());
    assert_eq!(store.find(&id).unwrap().state, RunState::Queued);
    let events = write(&store, &id);
    assert_eq!(store.events(&id).unwrap(), events);
    let row = store.find(&id).unwrap();
    assert_eq!((row.state, row.ended_at), (RunState::Succeeded, Some(Timestamp { milliseconds: 4 })));
    let kept = store.definition(&id).unwrap();
    assert_eq!(kept.sources, definition().sources);
    assert_eq!(kept.arguments[0], definition().arguments[0]);
}

#[test]
fn a_journal_goes_on_where_another_process_left_it() {
    let folder = TempDir::new().unwrap();
    let id = begin(&Store::open(folder.path()).unwrap(), "deploy", 1);
    for batch in history(&id) {
        let store = Store::open(folder.path()).unwrap();
        journal(&store, &id).unwrap().append(&batch, Durability::Soon).unwrap();
    }
    assert_eq!(Store::open(folder.path()).unwrap().events(&id).unwrap(), history(&id).concat());
}

#[test]
fn secrets_are_not_kept() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    begin(&store, "deploy", 1);
    store.checkpoint().unwrap();
    let bytes = std::fs::read(folder.path().join("store.db")).unwrap();
    let holds = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(holds(b"token") && !holds(b"hunter2"));
}

#[test]
fn a_run_is_found_by_the_beginning_of_its_name_or_as_the_last() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert!(matches!(store.find("last"), Err(StoreError::UnknownRun(_))));
    let ids: Vec<Arc<str>> = (0..40).map(|number| begin(&store, "deploy", number)).collect();
    assert_eq!(store.find("last").unwrap().id, ids[39]);
    assert_eq!(store.find(ids[7].get(..12).unwrap()).unwrap().id, ids[7]);
    for none in ["", "*", "?", "[a-z]", "%", "../x", "zzzzzzzzzzzz", "0"] {
        assert!(matches!(store.find(none), Err(StoreError::UnknownRun(_))), "{none}");
    }
    // Of forty runs two begin alike.
    let first = |id: &Arc<str>| id.get(..1).unwrap().to_owned();
    let twice = ids.iter().map(first).find(|letter| ids.iter().filter(|id| first(id) == *letter).count() > 1).unwrap();
    assert!(matches!(store.find(&twice), Err(StoreError::Ambiguous { .. })));
}

#[test]
fn runs_are_listed_the_latest_first() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    for (workflow, milliseconds) in [("deploy", 1), ("backup", 3), ("deploy", 2)] {
        begin(&store, workflow, milliseconds);
    }
    let times =
        |filter: &RunFilter| -> Vec<i64> { store.runs(filter).unwrap().iter().map(|run| run.created_at.milliseconds).collect() };
    assert_eq!(times(&RunFilter::default()), [3, 2, 1]);
    assert_eq!(times(&RunFilter { workflow: Some("deploy".to_owned()), ..RunFilter::default() }), [2, 1]);
    assert_eq!(times(&RunFilter { since: Some(Timestamp { milliseconds: 2 }), ..RunFilter::default() }), [3, 2]);
    assert_eq!(times(&RunFilter { limit: Some(1), ..RunFilter::default() }), [3]);
    assert_eq!(times(&RunFilter { state: Some(RunState::Failed), ..RunFilter::default() }), [0_i64; 0]);
}

#[test]
fn one_process_goes_on_with_a_run() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let id = begin(&store, "deploy", 1);
    assert!(!store.is_held(&id));
    let lock = store.lock(&id).unwrap();
    assert!(store.is_held(&id));
    let Err(StoreError::Held { process, .. }) = store.lock(&id) else { panic!("the run is held") };
    assert_eq!(process, Some(std::process::id()));
    drop(lock);
    assert!(store.lock(&id).is_ok());
}

#[test]
fn what_is_no_store_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store.db");
    for content in [&b"not a database, but a text that is long enough to be mistaken for the header of one"[..], &[0; 4096]] {
        std::fs::write(&path, content).unwrap();
        let Err(error) = Store::open(folder.path()) else { panic!("{content:?} is no store") };
        assert!(error.to_string().contains("it is no store of wfc"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), content);
    }
    std::fs::remove_file(&path).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE mine (x)").unwrap();
    drop(other);
    assert!(Store::open(folder.path()).is_err());
}

#[test]
fn a_newer_store_is_refused() {
    let folder = TempDir::new().unwrap();
    drop(Store::open(folder.path()).unwrap());
    let connection = rusqlite::Connection::open(folder.path().join("store.db")).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    let Err(error) = Store::open(folder.path()) else { panic!("it is newer") };
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
}
