//! A step in a folder, whose success is kept and counts again.

use super::Cache;
use crate::Store;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wf_model::event::{CacheChange, CacheMiss};
use wf_model::script::{Argument, Call};
use wf_model::value::{Secret, Value};
use wf_runtime::dispatcher::{CacheAnswer, CacheWish, CachedValue, StepCache as _};
use wf_runtime::engine::{CacheQuery, CachedAction, CalledWorkflow};

struct Place {
    folder: tempfile::TempDir,
    cache: Cache,
    wish: CacheWish,
}

fn query(change: impl FnOnce(&mut CacheQuery, &mut Call)) -> Arc<CacheQuery> {
    let arguments = vec![("run".into(), Argument::Value(Value::string("make")))];
    let mut call = Call { kind: "shell".into(), arguments, decode: None, is_unread: false, undoes: None };
    let mut query = CacheQuery {
        place: "main build".into(),
        action: CachedAction::Kind(Arc::new(call.clone())),
        inputs: vec!["src/**".into()],
        outputs: vec!["out".into(), "app".into()],
        key: None,
    };
    change(&mut query, &mut call);
    if let CachedAction::Kind(kind) = &mut query.action {
        *kind = Arc::new(call);
    }
    Arc::new(query)
}

fn value() -> CachedValue {
    CachedValue { result: Value::map([("stdout", Value::string("made"))]), decoded: Some(Value::Int(3)) }
}

impl Place {
    /// A project that was built, which is not kept yet.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store")).unwrap();
        let project = folder.path().join("project");
        let wish = CacheWish { run: "first".into(), folder: project, query: query(|_, _| {}) };
        let place = Self { cache: store.cache(), folder, wish };
        place.write("src/a.c", "a");
        place.write("src/deep/b.c", "b");
        place.write("app", "program");
        place.write("out/lib/x.o", "object");
        fs::set_permissions(place.path("app"), fs::Permissions::from_mode(0o755)).unwrap();
        symlink("lib/x.o", place.path("out/latest")).unwrap();
        place
    }

    /// The same once it is kept.
    fn kept() -> Self {
        let place = Self::new();
        place.keep().unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.wish.folder.join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    fn keep(&self) -> Result<(), String> {
        let CacheAnswer::Missed { digest: Some(digest), .. } = self.cache.look_up(&self.wish) else { panic!("it is there") };
        self.cache.keep(&self.wish, &digest, &value())
    }

    /// How many outputs were restored.
    fn hit(&self) -> Result<u64, CacheMiss> {
        match self.cache.look_up(&self.wish) {
            CacheAnswer::Hit { from, value: found, restored, .. } => {
                assert_eq!((&*from, found), ("first", value()));
                Ok(restored)
            }
            CacheAnswer::Missed { reason, .. } => Err(reason),
        }
    }

    fn changed(&self, change: impl FnOnce(&mut CacheQuery, &mut Call)) -> Result<u64, CacheMiss> {
        let wish = CacheWish { query: query(change), ..self.wish.clone() };
        match self.cache.look_up(&wish) {
            CacheAnswer::Hit { restored, .. } => Ok(restored),
            CacheAnswer::Missed { reason, .. } => Err(reason),
        }
    }
}

fn change(change: CacheChange) -> Result<u64, CacheMiss> {
    Err(CacheMiss::Changed(change.into()))
}

#[test]
fn what_was_kept_counts_again() {
    let place = Place::new();
    assert_eq!(place.hit(), Err(CacheMiss::New));
    place.keep().unwrap();
    assert_eq!(place.hit(), Ok(0));
}

#[test]
fn missing_and_changed_outputs_are_restored_as_they_were() {
    let place = Place::kept();
    fs::remove_dir_all(place.path("out")).unwrap();
    fs::write(place.path("app"), "by hand").unwrap();
    assert_eq!(place.hit(), Ok(3));
    assert_eq!(fs::read_to_string(place.path("out/latest")).unwrap(), "object");
    assert!(place.path("out/latest").is_symlink());
    assert_eq!(fs::read_to_string(place.path("app")).unwrap(), "program");
    assert_eq!(fs::metadata(place.path("app")).unwrap().permissions().mode() & 0o777, 0o755);
    fs::set_permissions(place.path("app"), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!((place.hit(), place.hit()), (Ok(1), Ok(0)));
    let left = fs::read_dir(&place.wish.folder).unwrap().count();
    assert_eq!(left, 3, "nothing is left beside the outputs");
}

#[test]
fn what_changed_is_told() {
    let place = Place::kept();
    place.write("src/a.c", "other");
    place.write("src/c.c", "c");
    fs::remove_file(place.path("src/deep/b.c")).unwrap();
    let (added, removed) = (vec!["src/c.c".into()], vec!["src/deep/b.c".into()]);
    let changed = CacheChange { added, removed, changed: vec!["src/a.c".into()], ..CacheChange::default() };
    assert_eq!(place.hit(), change(changed));
    let place = Place::kept();
    let of = |names: &[&str]| CacheChange {
        attributes: names.iter().map(|name| Arc::from(*name)).collect(),
        ..CacheChange::default()
    };
    let env = |call: &mut Call| call.arguments.push(("env".into(), Argument::Value(Value::map([("A", Value::Int(1))]))));
    assert_eq!(place.changed(|_, call| env(call)), change(of(&["env"])));
    assert_eq!(place.changed(|_, call| call.kind = "exec".into()), change(of(&["kind"])));
    assert_eq!(place.changed(|query, _| query.outputs.truncate(1)), change(of(&["cache"])));
    assert_eq!(
        place.changed(|query, _| query.key = Some(Value::Int(1))),
        change(CacheChange { key: true, ..CacheChange::default() })
    );
    assert_eq!(place.changed(|query, _| query.place = "main other".into()), Ok(0), "its name does not count");
}

/// What calls a workflow made of these, with a parameter that is called like what else counts.
fn calling(contents: &[(&str, &str)], kind: i64) -> Arc<CacheQuery> {
    let contents = contents.iter().map(|(name, content)| (Arc::from(*name), Arc::from(*content))).collect();
    let given = Arc::new(vec![("kind".into(), Value::Int(kind))]);
    let called = CalledWorkflow { given, contents: Arc::new(contents), folder: None };
    query(|query, _| query.action = CachedAction::Workflow(called))
}

#[test]
fn the_workflows_that_are_called_count_with_what_they_are_given() {
    let mut place = Place::kept();
    let with = |query| CacheWish { query, ..place.wish.clone() };
    let before = with(calling(&[("inner", "1"), ("outer", "1")], 1));
    assert!(matches!(place.cache.look_up(&before), CacheAnswer::Missed { reason: CacheMiss::Changed(_), .. }));
    let other = with(calling(&[("inner", "2"), ("outer", "1")], 1));
    let given = with(calling(&[("inner", "1"), ("outer", "1")], 2));
    place.wish = before;
    place.keep().unwrap();
    assert_eq!(place.hit(), Ok(0));
    place.wish = other;
    assert_eq!(place.hit(), change(CacheChange { workflows: vec!["inner".into()], ..CacheChange::default() }));
    place.wish = given;
    assert_eq!(place.hit(), change(CacheChange { attributes: vec!["kind".into()], ..CacheChange::default() }));
}

#[test]
fn programs_among_the_inputs_are_others() {
    let place = Place::kept();
    fs::set_permissions(place.path("src/a.c"), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(place.hit(), Err(CacheMiss::Changed(_))));
}

#[test]
fn another_folder_with_the_same_files_is_another() {
    let place = Place::kept();
    let other = place.folder.path().join("other");
    fs::create_dir_all(other.join("src/deep")).unwrap();
    fs::write(other.join("src/a.c"), "a").unwrap();
    fs::write(other.join("src/deep/b.c"), "b").unwrap();
    let wish = CacheWish { folder: other, ..place.wish.clone() };
    assert!(matches!(place.cache.look_up(&wish), CacheAnswer::Missed { reason: CacheMiss::New, .. }));
}

#[test]
fn secrets_do_not_count_and_are_kept_nowhere() {
    let place = Place::new();
    let with = |secret: &str| {
        let secret = Value::Secret(Secret::new(secret));
        query(|_, call| call.arguments.push(("env".into(), Argument::Value(Value::map([("TOKEN", secret)])))))
    };
    let digest = |query| match place.cache.look_up(&CacheWish { query, ..place.wish.clone() }) {
        CacheAnswer::Missed { digest, .. } => digest.unwrap(),
        CacheAnswer::Hit { .. } => panic!("nothing is kept"),
    };
    assert_eq!(digest(with("hunter2")), digest(with("correct horse")));
}

#[test]
fn what_changed_while_it_ran_is_not_kept() {
    let place = Place::new();
    let CacheAnswer::Missed { digest: Some(digest), .. } = place.cache.look_up(&place.wish) else { panic!("it is new") };
    place.write("src/a.c", "edited meanwhile");
    let kept = place.cache.keep(&place.wish, &digest, &value());
    assert_eq!(kept.unwrap_err(), "what it depends on changed while it ran");
    assert_eq!(place.hit(), Err(CacheMiss::New));
}

#[test]
fn outputs_that_are_not_there_or_elsewhere_are_not_kept() {
    let problem = |outputs: &[&str]| {
        let mut place = Place::new();
        place.wish.query = query(|query, _| query.outputs = outputs.iter().map(|output| Arc::from(*output)).collect());
        fs::create_dir(place.folder.path().join("elsewhere")).unwrap();
        fs::write(place.folder.path().join("elsewhere/x"), "x").unwrap();
        symlink("../elsewhere", place.path("link")).unwrap();
        place.keep().unwrap_err()
    };
    assert_eq!(problem(&["typo"]), "pattern `typo` of its outputs fits no file");
    assert_eq!(problem(&["../elsewhere/x"]), "pattern `../elsewhere/x` of its outputs leads out of the folder");
    assert_eq!(problem(&["/etc/passwd"]), "pattern `/etc/passwd` of its outputs leads out of the folder");
    assert_eq!(problem(&["link/x"]), "output `link/x` stands behind a link");
    assert!(problem(&["[a"]).contains("does not parse"));
}

#[test]
fn nothing_is_restored_through_a_link() {
    let place = Place::kept();
    let elsewhere = place.folder.path().join("elsewhere");
    fs::create_dir_all(elsewhere.join("lib")).unwrap();
    fs::remove_dir_all(place.path("out")).unwrap();
    symlink(&elsewhere, place.path("out")).unwrap();
    assert!(matches!(place.hit(), Err(CacheMiss::Failed(_))));
    assert!(!elsewhere.join("lib/x.o").exists());
    // A link in the place of the output itself is replaced, and what it leads to stays.
    let place = Place::kept();
    fs::write(place.folder.path().join("victim"), "victim").unwrap();
    fs::remove_file(place.path("app")).unwrap();
    symlink("../victim", place.path("app")).unwrap();
    assert_eq!(place.hit(), Ok(1));
    assert_eq!(fs::read_to_string(place.folder.path().join("victim")).unwrap(), "victim");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn damage_is_a_miss_and_mended_by_the_next_success() {
    let place = Place::kept();
    for blob in files(&place.folder.path().join("store/cache/blobs")) {
        fs::write(blob, "damaged").unwrap();
    }
    fs::remove_file(place.path("app")).unwrap();
    assert_eq!(place.hit(), Err(CacheMiss::Lost));
    assert!(!place.path("app").exists());
    place.write("app", "program");
    fs::set_permissions(place.path("app"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::remove_file(place.path("out/lib/x.o")).unwrap();
    assert_eq!(place.hit(), Err(CacheMiss::Lost));
    place.write("out/lib/x.o", "object");
    let digest = match place.cache.look_up(&place.wish) {
        CacheAnswer::Hit { digest, .. } => digest,
        CacheAnswer::Missed { digest, .. } => digest.unwrap(),
    };
    place.cache.keep(&place.wish, &digest, &value()).unwrap();
    fs::remove_file(place.path("app")).unwrap();
    assert_eq!(place.hit(), Ok(1));
    for entry in files(&place.folder.path().join("store/cache/entries")) {
        fs::write(entry, "{").unwrap();
    }
    assert_eq!(place.hit(), Err(CacheMiss::New));
}

fn sweep(place: &Place, runs: &[&str]) -> u64 {
    place.cache.sweep(|| Ok(runs.iter().map(|run| Arc::from(*run)).collect())).unwrap()
}

/// Makes all that is kept look as if it were a day old.
fn age(place: &Place) {
    let day = std::time::SystemTime::now() - std::time::Duration::from_hours(24);
    for file in files(&place.folder.path().join("store/cache")) {
        fs::File::open(file).unwrap().set_modified(day).unwrap();
    }
}

#[test]
fn what_no_kept_run_made_or_found_goes_away() {
    let mut place = Place::kept();
    let cache = place.folder.path().join("store/cache");
    age(&place);
    assert_eq!(sweep(&place, &["first"]), 0);
    place.wish.run = "second".into();
    assert_eq!(place.hit(), Ok(0));
    assert_eq!(sweep(&place, &["second"]), 0, "the second run found it");
    assert_eq!(place.hit(), Ok(0));
    age(&place);
    let size: u64 = files(&cache).iter().map(|file| fs::metadata(file).unwrap().len()).sum();
    assert_eq!(sweep(&place, &["third"]), size);
    assert_eq!((files(&cache), place.hit()), (Vec::new(), Err(CacheMiss::New)));
}

#[test]
fn contents_that_a_success_may_be_about_to_name_stay_for_a_while() {
    let place = Place::kept();
    let cache = place.folder.path().join("store/cache");
    fs::write(cache.join("places/half.0123"), "x").unwrap();
    sweep(&place, &[]);
    let left = files(&cache);
    assert!(left.iter().any(|file| file.ends_with("places/half.0123")), "{left:?}");
    assert!(left.iter().any(|file| file.starts_with(cache.join("blobs"))), "{left:?}");
    age(&place);
    sweep(&place, &[]);
    assert_eq!(files(&cache), Vec::<PathBuf>::new());
}

#[test]
fn what_an_interrupted_sweep_left_is_never_found_and_goes_with_the_next() {
    let place = Place::kept();
    let cache = place.folder.path().join("store/cache");
    // It died once the success was gone.
    for entry in files(&cache.join("entries")) {
        fs::remove_file(entry).unwrap();
    }
    assert_eq!(place.hit(), Err(CacheMiss::New));
    age(&place);
    sweep(&place, &["first"]);
    assert_eq!(files(&cache), Vec::<PathBuf>::new());
    // A success whose contents are gone in part goes whole.
    let place = Place::kept();
    let cache = place.folder.path().join("store/cache");
    fs::remove_file(files(&cache.join("blobs")).remove(0)).unwrap();
    age(&place);
    sweep(&place, &["first"]);
    assert_eq!(files(&cache), Vec::<PathBuf>::new());
}

#[test]
fn what_is_kept_is_nobody_elses_business() {
    let place = Place::kept();
    for blob in files(&place.folder.path().join("store/cache/blobs")) {
        assert_eq!(fs::metadata(blob).unwrap().permissions().mode() & 0o077, 0);
    }
}
