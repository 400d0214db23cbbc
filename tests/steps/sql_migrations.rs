//! `migrations` of `sql` steps against SQLite.

use crate::cli::resume::start;
use crate::cli::{Outcome, Place};

fn place() -> Place {
    let place = Place::with(
        r#"workflow main {
  step it: sql {
    migrations: "migrations"
    database: "sqlite:data.db?mode=rwc"
    no undo "a test"
  }
  step tables: sql """
    select group_concat(name, ' ') as names
    from (select name from sqlite_master where type = 'table' and name not like 'wfc%' order by name)
    """ -> [{ names: string }] {
    database: "sqlite:data.db"
    reads only
  }
  output applied: int = it.affected
  output tables: string = tables[0].names
}
"#,
    );
    place.write("migrations/001_first.sql", "create table a (id int);\ncreate table b (id int);\n");
    place.write("migrations/002_second.sql", "-- a comment; only\ncreate table c (id int);\n");
    place
}

/// What it says where it succeeds.
fn succeeds(place: &Place) -> String {
    let outcome = place.ran(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    outcome.stdout
}

fn fails(place: &Place, message: &str) {
    let outcome = place.ran(&[]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert!(outcome.stderr.contains(message), "{}", outcome.stderr);
}

#[test]
fn each_file_runs_once_in_order() {
    let place = place();
    assert_eq!(succeeds(&place), "applied = 2\ntables = a b c\n");
    assert_eq!(succeeds(&place), "applied = 0\ntables = a b c\n");
    place.write("migrations/003_third.sql", "create table d (id int)");
    assert_eq!(succeeds(&place), "applied = 1\ntables = a b c d\n");
}

#[test]
fn a_file_that_fails_leaves_nothing_of_itself() {
    let place = place();
    place.write("migrations/003_third.sql", "create table d (id int);\n\ncreate table a (id int);");
    fails(&place, "line 3 of migration `003_third.sql`: table a already exists");
    place.write("migrations/003_third.sql", "create table d (id int);");
    assert_eq!(succeeds(&place), "applied = 1\ntables = a b c d\n");
}

#[test]
fn what_was_applied_stays_as_it_was() {
    let place = place();
    succeeds(&place);
    let first = place.read("migrations/001_first.sql");
    place.write("migrations/001_first.sql", "create table other (id int);");
    fails(&place, "migration `001_first.sql` was applied and has changed since");
    std::fs::remove_file(place.path("migrations/001_first.sql")).expect("it is there");
    fails(&place, "migration `001_first.sql` was applied and is not there any more");
    place.write("migrations/001_first.sql", &first);
    succeeds(&place);
}

#[test]
fn folders_that_say_no_order_are_refused() {
    let place = place();
    place.write("migrations/10_later.sql", "select 1");
    place.write("migrations/9_earlier.sql", "select 1");
    fails(&place, "`10_later.sql` would run before `9_earlier.sql`");
    let place = Place::with(
        "workflow main {\n  step it: sql { migrations: \"none\", database: \"sqlite::memory:\", no undo \"x\" }\n}\n",
    );
    fails(&place, "is not read");
}

#[test]
fn runs_at_the_same_time_wait_for_each_other() {
    let place = place();
    let runs: Vec<_> = (0..4).map(|_| start(&place, &[])).collect();
    let outcomes: Vec<_> = runs.into_iter().map(|run| Outcome::of(run.wait_with_output().expect("it ends"))).collect();
    assert!(outcomes.iter().all(|outcome| outcome.code == 0), "{outcomes:?}");
}
