//! `sql` steps against PostgreSQL and MariaDB.

use super::certificates::Authority;
use super::keeps_nothing_of;
use super::sql_server::{PASSWORD, Server, Sort};
use crate::cli::resume::until;
use crate::cli::{Outcome, Place};
use rustix::process::{Pid, Signal, kill_process};
use std::process::{Child, Stdio};

/// A workflow whose database is the secret `db`.
fn workflow(body: &str) -> Place {
    let body = body.replace('\n', "\n  ");
    Place::with(&format!("workflow main {{\n  secret db from env \"DATABASE\"\n  {body}\n}}\n"))
}

fn spawned(place: &Place, server: &Server, arguments: &[&str]) -> Child {
    let mut command = place.command(arguments);
    command.env("DATABASE", server.url()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the binary starts")
}

fn ran(place: &Place, server: &Server) -> Outcome {
    let outcome = Outcome::of(spawned(place, server, &["run", "--verbose", "main.wf"]).wait_with_output().expect("it ends"));
    for text in [&outcome.stdout, &outcome.stderr] {
        assert!(!text.contains(PASSWORD), "{text}");
    }
    keeps_nothing_of(place, PASSWORD);
    until("the end of all connections", || server.connections() == "0");
    outcome
}

/// The only output.
fn output(body: &str, server: &Server) -> String {
    let outcome = ran(&workflow(body), server);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    outcome.stdout.trim_end().to_owned()
}

fn fails(body: &str, server: &Server, message: &str) {
    let outcome = ran(&workflow(body), server);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert!(outcome.stderr.contains(message), "{}", outcome.stderr);
}

/// A query that takes longer than any test.
fn endless(sort: Sort) -> &'static str {
    if sort == Sort::Postgres { "select pg_sleep(1000)" } else { "select sleep(1000)" }
}

fn items(server: &Server, sort: Sort) -> String {
    let table = if sort == Sort::Postgres { "items" } else { "test.items" };
    server.ask(&format!("select name from {table} order by id")).replace('\n', " ")
}

/// What holds for both.
fn statements(sort: Sort) {
    let server = Server::start(sort);
    let key = if sort == Sort::Postgres { "serial" } else { "int auto_increment" };
    let make = format!(
        "step make: sql \"create table items (id {key} primary key, name varchar(200) unique); insert into items (name) values ('one'), ('two'); select count(*) as n from items\" {{ database: db, no undo \"a test\" }}\noutput made: string = \"${{make.rows.to_json()}} ${{make.affected}}\""
    );
    assert_eq!(output(&make, &server), "made = [{\"n\":2}] 2");

    let naughty = ["'; drop table items; --", "\" or 1=1 --", "\\'; delete from items; #", "1) or (1=1", "{y} $1 ? :a", "é\n%_"];
    let list = serde_json::to_string(&naughty).expect("JSON");
    let body = format!(
        "let naughty: [string] = {list}\nlet missing: string? = null\nstep none: sql \"select id from items where name in (${{naughty}}) or name = ${{missing}} or id > ${{90 + 9}}\" {{ database: db, reads only }}\nfor each text in naughty {{\n  step add: sql \"insert into items (name) values (${{text}})\" {{ database: db, no undo \"a test\" }}\n}}\nstep found: sql \"select name from items where name in (${{naughty}}) order by id\" -> [{{ name: string }}] {{ database: db, reads only }}\noutput found: string = \"${{none.rows.length}} ${{found.to_json()}}\""
    );
    let rows: Vec<_> = naughty.iter().map(|name| serde_json::json!({ "name": name })).collect();
    let stdout = output(&body, &server);
    assert_eq!(stdout.strip_prefix("found = 0 ").and_then(|json| serde_json::from_str(json).ok()), Some(serde_json::json!(rows)));
    server.ask(if sort == Sort::Postgres { "delete from items where id > 2" } else { "delete from test.items where id > 2" });

    for (query, message) in [
        ("insert into items (name) values ('three'); selec 1", "the statement in line 1 of the query: "),
        ("insert into items (name) values ('three'); insert into items (name) values ('one')", ", not unique)"),
        ("delete from items; rollback", "says `rollback`, but the step is a transaction itself"),
    ] {
        fails(&format!("step it: sql \"{query}\" {{ database: db, no undo \"a test\" }}"), &server, message);
        assert_eq!(items(&server, sort), "one two", "{query}");
    }
    let late =
        format!("step it: sql \"delete from items; {}\" {{ database: db, timeout 1s, no undo \"a test\" }}", endless(sort));
    fails(&late, &server, "1s");
    assert_eq!(items(&server, sort), "one two");
    let wrong = server.url().replace(PASSWORD, "canary-7Qz-wrong");
    let place = workflow("step it: sql \"select 1\" { database: db, reads only }");
    let outcome = Outcome::of(place.command(&["run", "main.wf"]).env("DATABASE", &wrong).output().expect("it starts"));
    assert!(
        outcome.code == 1 && outcome.stderr.contains("takes no connection") && !outcome.stderr.contains("7Qz"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn statements_of_postgres() {
    statements(Sort::Postgres);
}

#[test]
fn statements_of_mariadb() {
    statements(Sort::MariaDb);
}

/// A run that is cancelled, and one that is killed, in the middle of a transaction.
fn interruptions(sort: Sort) {
    let server = Server::start(sort);
    let table = if sort == Sort::Postgres { "items" } else { "test.items" };
    for text in [format!("create table {table} (id int, name text)"), format!("insert into {table} values (1, 'one')")] {
        let made = format!("step it: sql \"{text}\" {{ database: db, no undo \"a test\" }}");
        assert_eq!(ran(&workflow(&made), &server).code, 0);
    }
    let body = format!("step it: sql \"delete from items; {}\" {{ database: db, no undo \"a test\" }}", endless(sort));
    let place = workflow(&body);
    let sleeps = || {
        let text = if sort == Sort::Postgres {
            "select count(*) from pg_stat_activity where query like '%select pg_sl' || 'eep%' and state = 'active'"
        } else {
            "select count(*) from information_schema.processlist where info like 'select sleep%'"
        };
        server.ask(text) == "1"
    };
    let run = spawned(&place, &server, &["run", "main.wf"]);
    until("the statement", sleeps);
    kill_process(Pid::from_raw(run.id().cast_signed()).expect("a process number"), Signal::TERM).expect("it runs");
    assert_eq!(Outcome::of(run.wait_with_output().expect("it ends")).code, 143);
    assert_eq!((items(&server, sort).as_str(), server.connections().as_str()), ("one", "0"));

    let mut run = spawned(&place, &server, &["run", "main.wf"]);
    until("the statement", sleeps);
    run.kill().expect("it runs");
    run.wait().expect("it was started here");
    until("the end of the other process", || place.wfc(&["runs"]).stdout.contains("interrupted"));
    if sort == Sort::MariaDb {
        // It looks for the end of its client only where a statement has ended.
        server
            .ask("select concat('kill ', id) from information_schema.processlist where user = 'tester'")
            .lines()
            .for_each(|kill| drop(server.ask(kill)));
    }
    until("the end of all connections", || server.connections() == "0");
    assert_eq!(items(&server, sort), "one");
    let mut command = place.command(&["resume", "last", "--step", "it=done"]);
    assert_eq!(Outcome::of(command.env("DATABASE", server.url()).output().expect("it starts")).code, 0);
}

#[test]
fn interruptions_of_postgres() {
    interruptions(Sort::Postgres);
}

#[test]
fn interruptions_of_mariadb() {
    interruptions(Sort::MariaDb);
}

/// A step that was killed when its transaction was committed, but before the run knew of it.
fn once(sort: Sort) {
    let server = Server::start(sort);
    let make = "step it: sql \"create table items (id int, name text)\" { database: db, no undo \"a test\" }";
    assert_eq!(ran(&workflow(make), &server).code, 0);
    let body = "step it: sql \"insert into items values (1, 'one'); select count(*) as n from items\" { database: db, once: true, expect false, retry 2 times, no undo \"a test\" }";
    assert_eq!(ran(&workflow(body), &server).code, 1);
    assert_eq!(items(&server, sort), "one");
    let body = "step it: sql \"insert into items values (2, 'two'); nonsense\" { database: db, once: true, retry 1 times, no undo \"a test\" }";
    assert_eq!(ran(&workflow(body), &server).code, 1);
    assert_eq!(items(&server, sort), "one");
    let body = "step it: sql \"insert into items values (3, 'three'); select count(*) as n from items\" { database: db, once: true, no undo \"a test\" }\noutput n: string = it.rows.to_json()";
    let outcome = ran(&workflow(body), &server);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "n = [{\"n\":2}]\n"), "{}", outcome.stderr);
}

#[test]
fn once_of_postgres() {
    once(Sort::Postgres);
}

#[test]
fn once_of_mariadb() {
    once(Sort::MariaDb);
}

#[test]
fn a_killed_step_with_a_record_runs_again_by_itself() {
    let server = Server::start(Sort::Postgres);
    let make =
        "step it: sql \"create table items (id int, name text); create table go (id int)\" { database: db, no undo \"a test\" }";
    assert_eq!(ran(&workflow(make), &server).code, 0);
    let place = workflow(
        r#"step it: sql """
insert into items values (1, 'one');
select case when not exists (select 1 from go) then pg_sleep(1000) end
""" { database: db, once: true, on unknown rerun, no undo "a test" }"#,
    );
    let mut run = spawned(&place, &server, &["run", "main.wf"]);
    until("the statement", || server.ask("select count(*) from pg_stat_activity where wait_event = 'PgSleep'") == "1");
    run.kill().expect("it runs");
    run.wait().expect("it was started here");
    until("the end of the other process", || place.wfc(&["runs"]).stdout.contains("interrupted"));
    server.ask("insert into go values (1)");
    let outcome = Outcome::of(spawned(&place, &server, &["resume", "last"]).wait_with_output().expect("it ends"));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!((items(&server, Sort::Postgres).as_str(), server.ask("select count(*) from wfc_steps").as_str()), ("one", "1"));
}

#[test]
fn types_of_postgres() {
    let server = Server::start(Sort::Postgres);
    let body = r#"let id: string = "0f0e0d0c-0b0a-0908-0706-050403020100"
step it: sql """
select ${1 + 1}::int4 as i, 9007199254740993 as big, 12.50::numeric(10,2) as n, 0.1::float8 as f, ${id == id}::bool as b,
  ${id}::uuid as u, '2026-01-02 03:04:05.5+02'::timestamptz as t, date '2026-01-02' as d, time '03:04' as c,
  '{"a": [1, null]}'::jsonb as j, array[[1, 2], [3, 4]] as a, array['x', null] as s, '\x00ff'::bytea as y, null::int as z,
  (${"2026-01-02"}::date + 1)::text as next
""" { database: db, reads only }
output rows: string = it.rows.to_json()"#;
    let expected = r#"rows = [{"i":2,"big":9007199254740993,"n":12.5,"f":0.1,"b":true,"u":"0f0e0d0c-0b0a-0908-0706-050403020100","t":"2026-01-02T01:04:05.5Z","d":"2026-01-02","c":"03:04:00","j":{"a":[1,null]},"a":[[1,2],[3,4]],"s":["x",null],"y":"AP8=","z":null,"next":"2026-01-03"}]"#;
    assert_eq!(output(body, &server), expected);
    let body = "step it: sql \"select point(1, 2) as p\" { database: db, reads only }";
    fails(body, &server, "column `p` is of the type POINT, which is not read: cast it, as in `::text`");
    let body = "step it: sql \"select ${\"x\"}::text where 1 = ${\"word\"}\" { database: db, reads only }";
    fails(body, &server, "value 2 of the statement is no INT4");
}

#[test]
fn types_of_mariadb() {
    let server = Server::start(Sort::MariaDb);
    let body = r#"step make: sql """
create table t (i int, big bigint unsigned, n decimal(10,2), f double, b boolean, t timestamp(3) null, d date, c time, x text, y blob, e enum('a', 'b'));
insert into t values (${1 + 1}, 18446744073709551615, 12.5, 0.1, true, '2026-01-02 03:04:05.5', '2026-01-02', '-26:04:00', 'é', x'00ff', 'b');
select * from t
""" { database: db, no undo "a test" }
output rows: string = make.rows.to_json()"#;
    let expected = r#"rows = [{"i":2,"big":"18446744073709551615","n":12.5,"f":0.1,"b":true,"t":"2026-01-02T03:04:05.5Z","d":"2026-01-02","c":"-26:04:00","x":"é","y":"AP8=","e":"b"}]"#;
    assert_eq!(output(body, &server), expected);
}

/// Migrations run once, also where two runs come at the same time, and say what does not fit.
fn migrations(sort: Sort) {
    let server = Server::start(sort);
    let place = workflow(
        "step it: sql { migrations: \"migrations\", database: db, no undo \"a test\" }\noutput applied: int = it.affected",
    );
    place.write("migrations/001_a.sql", "create table items (id int, name text); insert into items values (1, 'one');");
    place.write("migrations/002_b.sql", "insert into items values (2, 'two');");
    let runs: Vec<_> = (0..3).map(|_| spawned(&place, &server, &["run", "main.wf"])).collect();
    let outcomes: Vec<_> = runs.into_iter().map(|run| Outcome::of(run.wait_with_output().expect("it ends"))).collect();
    assert!(outcomes.iter().all(|outcome| outcome.code == 0), "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| outcome.stdout == "applied = 2\n").count(), 1, "{outcomes:?}");
    place.write("migrations/003_c.sql", "insert into items values (3, 'three');\nnonsense;");
    let outcome = ran(&place, &server);
    assert!(outcome.code == 1 && outcome.stderr.contains("line 2 of migration `003_c.sql`"), "{}", outcome.stderr);
    let outcome = ran(&place, &server);
    match sort {
        Sort::Postgres => assert_eq!(items(&server, sort), "one two"),
        Sort::MariaDb => assert!(outcome.stderr.contains("`003_c.sql` began and did not end"), "{}", outcome.stderr),
    }
    place.write("migrations/001_a.sql", "select 1");
    let outcome = ran(&place, &server);
    assert!(outcome.code == 1 && outcome.stderr.contains("`001_a.sql` was applied and has changed since"), "{}", outcome.stderr);
}

#[test]
fn migrations_of_postgres() {
    migrations(Sort::Postgres);
}

#[test]
fn migrations_of_mariadb() {
    migrations(Sort::MariaDb);
}

/// A server behind TLS is taken where an authority that the step trusts vouches for its name, and only there.
fn encrypted(sort: Sort) {
    let own = Authority::new("Own");
    let server = Server::encrypted(sort, &own.certify("127.0.0.1", 2100));
    let (mode, ca, query) = match sort {
        Sort::Postgres => {
            ("sslmode=verify-full", "sslrootcert", "select version as v from pg_stat_ssl where pid = pg_backend_pid()")
        }
        Sort::MariaDb => (
            "ssl-mode=VERIFY_IDENTITY",
            "ssl-ca",
            "select variable_value as v from information_schema.session_status where variable_name = 'Ssl_version'",
        ),
    };
    let place = workflow(&format!(
        "step it: sql \"{query}\" -> [{{ v: string }}] {{ database: db, reads only }}\noutput tls: string = it[0].v"
    ));
    place.write("own.pem", &own.pem());
    place.write("other.pem", &Authority::new("Other").pem());
    let came = |host: &str, options: &str| {
        let url = server.encrypted_url(host, options);
        let outcome = Outcome::of(place.command(&["run", "main.wf"]).env("DATABASE", url).output().expect("it starts"));
        assert!(!outcome.stderr.contains(PASSWORD), "{}", outcome.stderr);
        outcome
    };
    let outcome = came("127.0.0.1", &format!("{mode}&{ca}=own.pem"));
    assert!(outcome.code == 0 && outcome.stdout.starts_with("tls = TLSv1."), "{outcome:?}");
    let unknown = format!("is signed by nobody whom this machine trusts: name the file of its authority's certificate in `{ca}`");
    for (host, options, message) in [
        ("127.0.0.1", format!("{mode}&{ca}=other.pem"), unknown.as_str()),
        ("127.0.0.1", mode.to_owned(), &unknown),
        (
            "localhost",
            format!("{mode}&{ca}=own.pem"),
            "is for other names: ask for the host by a name that the certificate holds",
        ),
    ] {
        let outcome = came(host, &options);
        assert!(outcome.code == 1 && outcome.stderr.contains(message), "{host} {options}: {}", outcome.stderr);
    }
    let outcome = came("127.0.0.1", &format!("{mode}&{ca}=gone.pem"));
    let message = format!("file `gone.pem` of `{ca}` in `database` cannot be read: ");
    assert!(outcome.code == 1 && outcome.stderr.contains(&message), "{}", outcome.stderr);
    assert_eq!(server.connections(), "0");
}

#[test]
fn tls_of_postgres() {
    encrypted(Sort::Postgres);
}

#[test]
fn tls_of_mariadb() {
    encrypted(Sort::MariaDb);
}
