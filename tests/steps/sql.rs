//! `sql` steps against SQLite.

use super::{keeps_nothing_of, no_argument_holds};
use crate::cli::resume::{resumed, start, until};
use crate::cli::{Outcome, Place};
use rustix::process::{Pid, Signal, kill_process};
use std::process::Command;

/// A query that takes longer than any test.
const ENDLESS: &str = "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n";

/// A place with a database `data.db` in which the table `items` has two rows.
fn place(body: &str) -> Place {
    let place = Place::with(&workflow(body));
    python(
        &place,
        "d.execute('create table items (id integer primary key, name text unique, done boolean default 0)'); d.execute(\"insert into items (name) values ('one'), ('two')\")",
    );
    place
}

/// A workflow whose database is the URL `db`.
fn workflow(body: &str) -> String {
    format!("workflow main {{\n  param db: url = \"sqlite:data.db\"\n  {}\n}}\n", body.replace('\n', "\n  "))
}

/// Does something with `d`, a connection to the database that commits by itself; gives what it writes.
fn python(place: &Place, text: &str) -> String {
    let text = format!("import sqlite3\nd = sqlite3.connect('data.db', isolation_level=None)\n{text}");
    let output = Command::new("python3").args(["-c", &text]).current_dir(place.path("")).output().expect("python3 starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The names of all items.
fn names(place: &Place) -> String {
    python(place, "print(*[n for n, in d.execute('select name from items order by id')])").trim().to_owned()
}

#[test]
fn rows_are_json_and_decode() {
    let place = place(
        r#"step all: sql "select id, name, done, null as missing, 1.5 as half, x'00ff' as bytes from items order by id" { database: db, reads only }
step typed: sql "select id, name, done from items where id <= ${1 + 0}" -> [{ id: int, name: string, done: bool }] { database: db, reads only }
step changed: sql "update items set done = 1; insert into items (name) values ('three'); select count(*) as n from items" { database: db, no undo "a test" }
output all: string = all.rows.to_json()
output typed: string = typed[0].name
output done: bool = typed[0].done
output affected: int = changed.affected
output n: string = changed.rows.to_json()"#,
    );
    let outcome = place.ran(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let rows = r#"[{"id":1,"name":"one","done":false,"missing":null,"half":1.5,"bytes":"AP8="},{"id":2,"name":"two","done":false,"missing":null,"half":1.5,"bytes":"AP8="}]"#;
    assert_eq!(outcome.stdout, format!("all = {rows}\ntyped = one\ndone = false\naffected = 3\nn = [{{\"n\":3}}]\n"));
}

#[test]
fn values_are_parameters_whatever_they_hold() {
    let naughty = [
        "'; drop table items; --",
        "\" or 1=1 --",
        "\\'; delete from items; #",
        "1) or (1=1",
        "${x} {{y}} $1 ?1 :a",
        "Robert');",
        "é\u{202e}\n%_",
    ];
    let list = serde_json::to_string(&naughty).expect("JSON").replace("${", "\\${");
    let place = place(&format!(
        r#"let naughty: [string] = {list}
let missing: string? = null
step found: sql "select name from items where name in (${{naughty}}) or name = ${{missing}}" {{ database: db, reads only }}
for each text in naughty {{
  step back: sql "select ${{text}} as same, ${{0 + 1}} as one, ${{text == text}} as yes" -> [{{ same: string, one: int, yes: int }}] {{ database: db, reads only }}
  step same: gate {{ check: back[0].same == text }}
  step add: sql "insert into items (name) values (${{text}})" {{ database: db, no undo "a test" }}
}}
output found: int = found.rows.length"#
    ));
    let outcome = place.ran(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "found = 0\n"), "{}", outcome.stderr);
    let kept = python(&place, "import json\nprint(json.dumps([n for n, in d.execute('select name from items order by id')]))");
    let kept: Vec<String> = serde_json::from_str(&kept).expect("JSON");
    assert_eq!(kept[2..], naughty);
}

#[test]
fn what_fails_leaves_nothing() {
    let cases = [
        ("selec 1", "near \"selec\": syntax error (code 1)"),
        ("select * from nowhere", "no such table: nowhere (code 1)"),
        (
            "insert into items (name) values ('three'); insert into items (name) values ('one')",
            "line 1 of the query: UNIQUE constraint failed: items.name (code 2067, not unique)",
        ),
        ("delete from items; commit", "says `commit`, but the step is a transaction itself"),
        ("delete from items where name = ?", "keeps a place free by `?`"),
        ("-- nothing", "holds no statement"),
    ];
    for (query, message) in cases {
        let place = place(&format!("step it: sql \"{query}\" {{ database: db, no undo \"a test\" }}"));
        let outcome = place.ran(&[]);
        assert_eq!(outcome.code, 1, "{query}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(message), "{query}: {}", outcome.stderr);
        assert_eq!(names(&place), "one two", "{query}");
    }
}

#[test]
fn without_a_transaction_what_worked_stays() {
    let place = place(
        "step it: sql \"insert into items (name) values ('three'); nonsense\" { database: db, transaction: false, no undo \"a test\" }",
    );
    assert_eq!(place.ran(&[]).code, 1);
    assert_eq!(names(&place), "one two three");
}

#[test]
fn what_does_not_decode_fails_the_step() {
    let place = place("step it: sql \"select name from items\" -> [{ name: int }] { database: db, reads only }");
    let outcome = place.ran(&[]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("expected int at `[0].name`, found"), "{}", outcome.stderr);
}

#[test]
fn a_database_that_is_not_there_is_not_made() {
    let place = Place::with(&workflow("step it: sql \"select 1\" { database: db, reads only }"));
    let outcome = place.ran(&[]);
    assert!(outcome.stderr.contains("the database file cannot be opened"), "{}", outcome.stderr);
    assert!(!place.path("data.db").exists());
    assert_eq!(place.ran(&["--param", "db=sqlite:data.db?mode=rwc"]).code, 0);
}

#[test]
fn a_statement_that_takes_too_long_is_ended() {
    let place =
        place(&format!("step it: sql \"delete from items; {ENDLESS}\" {{ database: db, timeout 1s, no undo \"a test\" }}"));
    let outcome = place.ran(&[]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("1s"), "{}", outcome.stderr);
    assert_eq!(names(&place), "one two");
    python(&place, "d.execute('begin exclusive')");
}

#[test]
fn a_cancelled_run_rolls_its_statement_back() {
    let place = place(&format!(
        "step it: sql \"delete from items; {ENDLESS}\" {{ database: db, no undo \"a test\" }}\nstep after: shell \"touch after\" {{ no undo \"x\" }}"
    ));
    let mut run = start(&place, &[]);
    until("the transaction", || place.path("data.db-journal").exists());
    kill_process(Pid::from_raw(run.id().cast_signed()).expect("a process number"), Signal::TERM).expect("it runs");
    assert_eq!(run.wait().expect("it ends").code(), Some(143));
    assert!(!place.path("after").exists());
    assert_eq!(names(&place), "one two");
}

#[test]
fn nobody_knows_what_became_of_a_killed_statement() {
    let place = place(&format!("step it: sql \"delete from items; {ENDLESS}\" {{ database: db, no undo \"a test\" }}"));
    let mut run = start(&place, &[]);
    until("the transaction", || place.path("data.db-journal").exists());
    run.kill().expect("it runs");
    run.wait().expect("it was started here");
    until("the end of the other process", || place.wfc(&["runs"]).stdout.contains("interrupted"));
    let outcome = resumed(&place, &[]);
    assert_eq!(outcome.code, 5, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("nobody knows whether step `it` had its effect"), "{}", outcome.stderr);
    assert_eq!(names(&place), "one two");
    let outcome = resumed(&place, &["--step", "it=done"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
}

#[test]
fn a_locked_database_is_tried_again() {
    let place = place(
        "step it: sql \"insert into items (name) values ('three')\" { database: db, retry 3 times pause 100ms, no undo \"a test\" }",
    );
    let holder = "import sqlite3, os, time\nd = sqlite3.connect('data.db', isolation_level=None)\nd.execute('begin exclusive')\nopen('held', 'w').close()\nwhile not os.path.exists('go'): time.sleep(0.01)\nd.execute('rollback')";
    let mut holder = Command::new("python3").args(["-c", holder]).current_dir(place.path("")).spawn().expect("python3 starts");
    until("the lock", || place.path("held").exists());
    let run = start(&place, &["--verbose"]);
    until("a first attempt", || {
        place.wfc(&["logs", "last", "it"]).code == 0 && place.wfc(&["status", "last"]).stdout.contains("retr")
    });
    place.write("go", "");
    let outcome = Outcome::of(run.wait_with_output().expect("it ends"));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    holder.wait().expect("it ends");
    assert_eq!(names(&place), "one two three");
}

#[test]
fn more_rows_than_a_result_holds_are_refused() {
    let place = place(
        "step it: sql \"with recursive n(i) as (select 1 union all select i + 1 from n) select i, 'some text' as t from n\" { database: db, reads only }",
    );
    let outcome = place.ran(&[]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("take more than 64MB, which a result holds at most"), "{}", outcome.stderr);
}

#[test]
fn a_secret_in_the_url_shows_nowhere() {
    let canary = "canary-5Kx";
    let place = Place::with(
        r#"workflow main {
  secret database from env "DATABASE"
  step it: sql "select 1" { database: database, retry 1 times, reads only }
  on failure {
    step told: shell "echo ${failure.message} ${failure.stderr}" { reads only }
  }
}
"#,
    );
    for url in [format!("sqlite:{canary}/none.db"), format!("sqlite:x?mode={canary}"), format!("nothing://{canary}@host/x")] {
        let mut command = place.command(&["run", "--verbose", "main.wf"]);
        let outcome = Outcome::of(command.env("DATABASE", &url).output().expect("it starts"));
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        assert!(!outcome.stdout.contains(canary) && !outcome.stderr.contains(canary), "{outcome:?}");
        keeps_nothing_of(&place, canary);
        no_argument_holds(canary);
    }
}

#[test]
fn secrets_and_maps_are_no_parameters() {
    let place = place(
        "secret token from env \"TOKEN\"\nstep a: sql \"select ${token}\" { database: db, reads only }\nstep b: sql \"select ${{ a: 1 }}\" { database: db, reads only }",
    );
    let outcome = place.wfc(&["check", "main.wf"]);
    assert_eq!(outcome.code, 1);
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(said.contains("secret-leak"), "{said}");
}

#[test]
fn a_step_that_keeps_a_record_takes_effect_once() {
    let body = "step it: sql \"insert into items (name) values ('three'); select count(*) as n from items\" {\n  database: db\n  once: true\n  expect false\n  retry 2 times\n  no undo \"a test\"\n  on failure continue\n}\nstep again: sql \"select result from wfc_steps\" -> [{ result: string }] { database: db, reads only }\noutput kept: string = again[0].result";
    let place = place(body);
    let outcome = place.ran(&[]);
    assert_eq!(
        (outcome.code, outcome.stdout.as_str()),
        (0, "kept = {\"rows\":[{\"n\":3}],\"affected\":1}\n"),
        "{}",
        outcome.stderr
    );
    assert_eq!(names(&place), "one two three");
}

#[test]
fn a_record_needs_the_transaction() {
    let place = place("step it: sql \"select 1\" { database: db, once: true, transaction: false, reads only }");
    let outcome = place.ran(&[]);
    assert!(outcome.code == 1 && outcome.stderr.contains("leave out `transaction: false`"), "{}", outcome.stderr);
}

#[test]
fn the_example_runs() {
    let place = Place::with(wf_steps::registry().get("sql").expect("a kind").example);
    python(
        &place,
        "d.execute('create table sessions (id int, age_in_days int)'); d.execute('insert into sessions values (1, 40), (2, 3)')",
    );
    let outcome =
        Outcome::of(place.command(&["run", "main.wf"]).env("DATABASE_URL", "sqlite:data.db").output().expect("it starts"));
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "deleted = 1\n"), "{}", outcome.stderr);
    assert_eq!(place.wfc(&["fmt", "--check", "main.wf"]).code, 0, "it is formatted");
}

#[test]
fn paths_are_those_of_the_directory_that_the_workflow_names() {
    let place = place("cwd: \"below\"\nstep it: sql \"select 1 as one\" { database: \"sqlite:../data.db\", reads only }");
    let text = place.read("main.wf").replace("  param db: url = \"sqlite:data.db\"\n", "");
    place.write("main.wf", &text);
    place.write("below/file", "");
    let outcome = place.ran(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
}

#[test]
fn a_statement_undoes_what_a_statement_did() {
    let place = place(
        "step add: sql \"insert into items (name) values ('three') returning id\" -> [{ id: int }] {\n  database: db\n  undo sql \"delete from items where id = ${add[0].id}\" when add != null { database: db }\n}\nstep fails: sql \"nonsense\" { database: db, no undo \"it leaves nothing\" }\non failure rollback",
    );
    let outcome = place.ran(&[]);
    assert_eq!((outcome.code, names(&place).as_str()), (3, "one two"), "{}", outcome.stderr);
}
