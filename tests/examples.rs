//! The examples do what their first lines say.

use crate::cli::resume::until;
use crate::cli::{Outcome, Place};
use crate::steps::docker_engine::Engine;
use crate::steps::http_server::{Server, ok};
use crate::steps::mail_server::{MailServer, read_by_python};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder`, relative to it; what runs of examples made is not looked at.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).expect("a folder of the checkout") {
            let path = entry.expect("an entry of the checkout").path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// A place with a copy of all examples.
fn copy() -> Place {
    let place = Place::new();
    for path in files(&root().join("examples")) {
        let target = place.path(path.strip_prefix(root()).expect("a file of the checkout").to_str().expect("UTF-8"));
        fs::create_dir_all(target.parent().expect("a folder")).expect("the folder can be made");
        fs::copy(path, target).expect("the file can be copied");
    }
    place
}

/// The commands that the comments of an example name, without `wfc`.
fn commands(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("#   wfc "));
    lines.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

#[test]
fn the_tests_of_examples_pass() {
    let outcome = copy().wfc(&["test", "examples"]);
    assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stdout.contains("production waits for somebody"), "{}", outcome.stdout);
}

#[test]
fn every_example_is_formatted_and_checks_without_a_word() {
    let place = copy();
    let examples = files(&place.path("examples")).into_iter().filter(|path| path.extension().is_some_and(|end| end == "wf"));
    let examples: Vec<String> = examples.map(|path| path.to_str().expect("UTF-8").to_owned()).collect();
    assert!(examples.len() >= 5, "{examples:?}");
    for arguments in [&["check"][..], &["fmt", "--check"]] {
        let all: Vec<&str> = arguments.iter().copied().chain(examples.iter().map(String::as_str)).collect();
        let outcome = place.wfc(&all);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""), "{}", outcome.stderr);
    }
}

#[test]
fn the_program_of_the_readme_is_formatted_and_checks_without_a_word() {
    let readme = fs::read_to_string(root().join("README.md")).expect("UTF-8");
    let program = readme.split("```wf\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block");
    let place = Place::new();
    place.write("release.wf", program);
    let outcome = place.wfc(&["check", "--level", "strict", "release.wf"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""));
    assert_eq!(place.wfc(&["fmt", "--check", "release.wf"]).code, 0);
}

/// The service that `examples/health` asks.
struct Service {
    server: Child,
    /// `:` and the port at which it listens.
    port: String,
}

impl Service {
    fn of(place: &Place) -> Self {
        let arguments = ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", "examples/health/service"];
        let mut command = place.program("python3");
        let mut server = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("python3 is there");
        let mut line = String::new();
        BufReader::new(server.stdout.take().expect("a pipe")).read_line(&mut line).expect("it says where it listens");
        let port = line.split_whitespace().skip_while(|word| *word != "port").nth(1).expect("a port").to_owned();
        Self { server, port: format!(":{port}") }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.server.kill().and_then(|()| self.server.wait());
    }
}

#[test]
fn every_example_runs() {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
    let port = format!("port={free}");
    let receiver = Server::answering(&[&ok("")]);
    let hook = format!("hook={}", receiver.url("/releases"));
    let mut ran = 0;
    for path in files(&root().join("examples")) {
        let Some(name) = path.to_str().filter(|name| name.ends_with(".wf")) else { continue };
        let text = fs::read_to_string(&path).expect("UTF-8");
        if name.contains("/containers/") {
            // It needs an engine, which a test of its own starts.
            continue;
        }
        let commands = commands(&text);
        assert!(!commands.is_empty(), "{name} does not say how to run it");
        for command in commands {
            let place = copy();
            place.write("docs/text.md", "Something to back up.");
            let service = name.ends_with("health.wf").then(|| Service::of(&place));
            let command = command.iter().map(|word| match &service {
                Some(service) => word.replace(":8080", &service.port),
                None => word.clone(),
            });
            let command: Vec<String> = command.collect();
            let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
            if name.ends_with("fetch.wf") {
                arguments.extend(["--param", &port]);
            }
            if name.ends_with("announce.wf") {
                arguments.extend(["--param", &hook]);
            }
            let outcome = place.wfc(&arguments);
            assert_eq!(outcome.code, 0, "{arguments:?}: {}", outcome.stderr);
            assert!(outcome.stdout.contains(" = "), "{arguments:?}: {}", outcome.stdout);
            if name.ends_with("fetch.wf") {
                let again = place.wfc(&arguments);
                assert!(again.code == 1 && again.stderr.contains("is there already"), "{}", again.stderr);
            }
            ran += 1;
        }
    }
    assert!(ran >= 6);
}

#[test]
fn the_backup_can_be_restored_and_old_ones_go() {
    let place = copy();
    let run = |keep: &str| {
        let outcome = place.wfc(&["run", "examples/backup/backup.wf", "--param", keep]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        outcome.stdout.lines().find_map(|line| line.strip_prefix("backup_path = ")).expect("the output").to_owned()
    };
    fs::create_dir_all(place.path("examples/backup/backups")).expect("a folder");
    for name in ["-x.tar.gz", "a b.tar.gz", "backup-1.tar.gz"] {
        place.write(&format!("examples/backup/backups/{name}"), "old");
    }
    let made = run("keep=1");
    let left: Vec<_> = files(&place.path("examples/backup/backups"));
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(fs::canonicalize(&left[0]).expect("a file").ends_with(Path::new(&made).file_name().expect("a name")), "{made}");
}

#[test]
fn the_report_of_the_sales_is_right() {
    let place = copy();
    let outcome = place.wfc(&["run", "examples/data/sales.wf"]);
    let lines = |path: &PathBuf| fs::read_to_string(path).expect("UTF-8").lines().map(str::to_owned).collect::<Vec<_>>();
    let sales: Vec<String> = files(&root().join("examples/data/sales")).iter().flat_map(lines).collect();
    let cents = |line: &String| line.rsplit(',').next().and_then(|number| number.parse::<i64>().ok()).expect("a number");
    let expected = format!("rows = {}\ntotal_cents = {}\n", sales.len(), sales.iter().map(cents).sum::<i64>());
    assert!(outcome.stdout.ends_with(&expected), "{expected}{}", outcome.stdout);
}

#[test]
fn a_migration_that_fails_half_way_leaves_the_database_as_it_was() {
    let place = copy();
    let run = |migrations: &str| {
        let parameter = format!("migrations={migrations}");
        place.wfc(&["run", "examples/migration/migrate.wf", "--param", &parameter])
    };
    let tables = || {
        let text = "import sqlite3, sys; print(*(row[0] for row in sqlite3.connect(sys.argv[1]).execute('select sql from sqlite_schema union all select name from wfc_migrations')), sep='\\n')";
        let output =
            place.program("python3").args(["-c", text, "examples/migration/shop.db"]).output().expect("python3 is there");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let first = run("examples/migration/migrations");
    assert_eq!((first.code, first.stdout.as_str()), (0, "applied = 2\norders_total_cents = 1650\n"), "{}", first.stderr);
    let before = tables();

    let next = run("examples/migration/next");
    assert_eq!(next.code, 3, "{}", next.stderr);
    assert!(next.stderr.contains("4_mail.sql") && next.stderr.contains("UNIQUE constraint failed"), "{}", next.stderr);
    assert_eq!(tables(), before, "neither the third migration nor the first half of the fourth is there");

    let again = run("examples/migration/migrations");
    assert_eq!((again.code, again.stdout.as_str()), (0, "applied = 0\norders_total_cents = 1650\n"), "{}", again.stderr);
}

#[test]
fn a_release_is_announced_once_to_a_receiver_that_knows_who_says_so() {
    let place = copy();
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
    let mut receiver = place.program("python3");
    receiver.args(["examples/announcement/receiver.py", &free.to_string()]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut receiver = receiver.spawn().expect("python3 is there");
    until("the receiver", || TcpStream::connect(("127.0.0.1", free)).is_ok());
    let hook = format!("hook=http://127.0.0.1:{free}/");
    let announce = |key: Option<&str>| {
        let mut command = place.command(&["run", "examples/announcement/announce.wf", "--param", &hook]);
        command.envs(key.map(|key| ("ANNOUNCE_KEY", key)));
        Outcome::of(command.output().expect("the binary starts"))
    };
    let stranger = announce(Some("another key"));
    assert!(stranger.code == 1 && stranger.stderr.contains("is answered by 401 Unauthorized"), "{}", stranger.stderr);
    for delivered in [true, false] {
        let outcome = announce(None);
        assert_eq!((outcome.code, outcome.stdout), (0, format!("delivered = {delivered}\n")), "{}", outcome.stderr);
    }
    receiver.kill().expect("it runs");
    let heard = receiver.wait_with_output().expect("it ends");
    let changes = "greet v1.1.0 is out\n- greets in the language of whom it greets\n- says \"usage\" where nobody is named\n\n";
    let expected = format!("refused\nnobody with the key said this\n\n{changes}");
    assert_eq!(String::from_utf8_lossy(&heard.stdout), expected);
}

#[test]
fn a_release_is_announced_by_mail() {
    let (place, server) = (copy(), MailServer::start());
    place.write("ca.pem", &server.authority());
    let mut command = place.command(&["run", "examples/announcement/announce.wf:by_mail", "--param", "to=team@example.com"]);
    command.env("SMTP_URL", server.url("smtp", "")).env("SSL_CERT_FILE", place.path("ca.pem"));
    let outcome = Outcome::of(command.output().expect("the binary starts"));
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "delivered = true\n"), "{}", outcome.stderr);
    let said = read_by_python(&server.mails(1)[0], "print(mail['Subject'], mail.get_content(), sep='\\n')");
    assert!(said.starts_with("greet v1.1.0 is out\n- greets in the language of whom it greets\n"), "{said}");
}

#[test]
fn a_review_names_what_has_to_be_looked_at() {
    let place = copy();
    let outcome = place.wfc(&["run", "--verbose", "examples/review/review.wf"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "verdict = reject\nfindings = 2\n"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("5: a program from the net runs unseen"), "{}", outcome.stderr);
    place.write("fine.diff", "@@ -1 +1 @@\n-echo a\n+echo 'b; $(touch owned)'\n");
    let outcome = place.wfc(&["run", "examples/review/review.wf", "--param", "change=./fine.diff"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "verdict = approve\nfindings = 0\n"), "{}", outcome.stderr);
}

#[test]
fn a_service_in_containers_is_put_back_where_the_new_one_does_not_come_up() {
    let engine = Engine::start();
    let place = copy();
    let deployed = |version: &str| {
        let version = format!("version={version}");
        let arguments = ["run", "examples/containers/deploy.wf", "--param", "base=base:1", "--param", &version];
        Outcome::of(engine.command(&place, &arguments).output().expect("the binary starts"))
    };
    let serves = || engine.ask(&["exec", "wfc-hello", "wget", "-q", "-O", "-", "http://127.0.0.1:8080/version"]);
    for version in ["1.0.0", "2.0.0"] {
        let outcome = deployed(version);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        assert!(outcome.stdout.contains(&format!("serves = wfc-hello {version}\n")), "{}", outcome.stdout);
        assert_eq!((serves().as_str(), engine.containers().as_str()), (version, "wfc-hello"));
    }
    // It does as it should where it is tried, and not where it is to serve.
    let serve = place.read("examples/containers/app/serve");
    place.write("examples/containers/app/serve", &format!("[ -n \"${{WF_RUN:-}}\" ] || exit 1\n{serve}"));
    let outcome = deployed("3.0.0");
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    assert_eq!((serves().as_str(), engine.containers().as_str()), ("2.0.0", "wfc-hello"));
    place.write("examples/containers/app/serve", "exit 1\n");
    let outcome = deployed("4.0.0");
    assert!(outcome.code == 1 || outcome.code == 3, "{}", outcome.stderr);
    assert_eq!((serves().as_str(), engine.containers().as_str()), ("2.0.0", "wfc-hello"));
}
