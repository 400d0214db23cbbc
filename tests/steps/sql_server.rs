//! Database servers of a test alone: PostgreSQL and MariaDB from Debian, on a socket in a temporary folder.

use crate::cli::resume::until;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// `nobody`, as whom servers run where the tests are run by root, which they refuse.
const NOBODY: u32 = 65534;

/// The password of the user that steps connect as.
pub(super) const PASSWORD: &str = "canary-7Qz";

/// A server; it ends with the value.
pub(super) struct Server {
    child: Child,
    sort: Sort,
    folder: TempDir,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Postgres,
    MariaDb,
}

impl Server {
    /// Starts one with an empty database.
    pub(super) fn start(sort: Sort) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        if is_root() {
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).expect("root may do so");
        }
        let mut command = match sort {
            Sort::Postgres => postgres(folder.path()),
            Sort::MariaDb => mariadb(folder.path()),
        };
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("tests/setup installs the server");
        let server = Self { child, sort, folder };
        until("the server", || server.tried("select 1").is_some());
        server.prepare();
        server
    }

    fn prepare(&self) {
        match self.sort {
            Sort::Postgres => {
                self.ask(&format!("create role tester login superuser password '{PASSWORD}'"));
                self.ask("create database test");
            }
            Sort::MariaDb => {
                self.ask("create database test");
                self.ask(&format!("create user tester@localhost identified by '{PASSWORD}'"));
                self.ask("grant all on *.* to tester@localhost");
            }
        }
    }

    /// The URL of its database.
    pub(super) fn url(&self) -> String {
        let folder = self.folder.path().display();
        match self.sort {
            Sort::Postgres => format!("postgres://tester:{PASSWORD}@localhost/test?host={folder}&sslmode=disable"),
            Sort::MariaDb => format!("mysql://tester:{PASSWORD}@localhost/test?socket={folder}/socket"),
        }
    }

    /// What a statement says, as its own client shows it.
    pub(super) fn ask(&self, text: &str) -> String {
        self.tried(text).unwrap_or_else(|| panic!("{text}"))
    }

    fn tried(&self, text: &str) -> Option<String> {
        let folder = self.folder.path();
        let mut command = match self.sort {
            Sort::Postgres => {
                let mut command = Command::new("psql");
                let database = if text.starts_with("create ") || text == "select 1" { "postgres" } else { "test" };
                command.args(["--no-psqlrc", "-qtAX", "-U", "owner", "-d", database, "-c", text]).arg("-h").arg(folder);
                command
            }
            Sort::MariaDb => {
                let mut command = Command::new("mariadb");
                command.args(["--no-defaults", "-uroot", "-BN", "-e", text]).arg("-S").arg(folder.join("socket"));
                command
            }
        };
        let output = command.env_remove("PGPASSWORD").output().expect("tests/setup installs the client");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// How many connections of steps there are.
    pub(super) fn connections(&self) -> String {
        match self.sort {
            Sort::Postgres => self.ask("select count(*) from pg_stat_activity where usename = 'tester'"),
            Sort::MariaDb => self.ask("select count(*) from information_schema.processlist where user = 'tester'"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let process = Pid::from_raw(self.child.id().cast_signed()).expect("a process number");
        // PostgreSQL ends all of its processes at once then, MariaDB has but one.
        let signal = if self.sort == Sort::Postgres { Signal::QUIT } else { Signal::KILL };
        let _ = kill_process(process, signal);
        let _ = self.child.wait();
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A program that does not run as root.
fn program(path: &Path, folder: &Path) -> Command {
    let mut command = Command::new(path);
    command.current_dir(folder).env("HOME", folder);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn postgres(folder: &Path) -> Command {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("tests/setup installs PostgreSQL");
    let bin = versions.flatten().map(|version| version.path().join("bin")).max().expect("a version");
    let data = folder.join("data");
    let mut make = program(&bin.join("initdb"), folder);
    make.arg("-D").arg(&data).args(["-U", "owner", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"]);
    done(make);
    fs::write(data.join("pg_hba.conf"), "local all owner trust\nlocal all all scram-sha-256\n").expect("it can be written");
    let mut command = program(&bin.join("postgres"), folder);
    command.arg("-D").arg(&data).arg("-k").arg(folder).args(["-c", "listen_addresses=", "-c", "fsync=off"]);
    command
}

fn mariadb(folder: &Path) -> Command {
    let data = folder.join("data");
    let of = |option: &str, path: PathBuf| format!("--{option}={}", path.display());
    let mut make = program(Path::new("/usr/bin/mariadb-install-db"), folder);
    make.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]).arg(of("datadir", data.clone()));
    done(make);
    let mut command = program(Path::new("/usr/sbin/mariadbd"), folder);
    command.args(["--no-defaults", "--skip-networking", "--innodb-flush-log-at-trx-commit=0", "--character-set-server=utf8mb4"]);
    command.arg(of("datadir", data)).arg(of("socket", folder.join("socket"))).arg(of("tmpdir", folder.to_owned()));
    command.arg(of("pid-file", folder.join("pid")));
    command
}

fn done(mut command: Command) {
    let output = command.output().expect("tests/setup installs the server");
    let told = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&told));
}
