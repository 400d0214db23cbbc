//! Database servers of a test alone: PostgreSQL and MariaDB from Debian, on a socket in a temporary folder.

use super::certificates::Certified;
use crate::cli::resume::until;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// `nobody`, as whom servers run where the tests are run by root, which they refuse.
pub(super) const NOBODY: u32 = 65534;

/// The password of the user that steps connect as.
pub(super) const PASSWORD: &str = "canary-7Qz";

/// A server; it ends with the value.
pub(super) struct Server {
    child: Child,
    sort: Sort,
    folder: TempDir,
    /// Where it also listens with TLS, at 127.0.0.1.
    port: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Postgres,
    MariaDb,
}

impl Server {
    /// Starts one with an empty database.
    pub(super) fn start(sort: Sort) -> Self {
        Self::made(sort, tempfile::tempdir().expect("a temporary folder"), None)
    }

    /// The same, which shows this certificate to those who come by TCP.
    pub(super) fn encrypted(sort: Sort, certified: &Certified) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in [("certificate", &certified.certificate), ("key", &certified.key)] {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("it can be written");
            fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("it is ours");
            give_away(&path);
        }
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        Self::made(sort, folder, Some(port))
    }

    fn made(sort: Sort, folder: TempDir, port: Option<u16>) -> Self {
        give_away(folder.path());
        let mut command = match sort {
            Sort::Postgres => postgres(folder.path(), port),
            Sort::MariaDb => mariadb(folder.path(), port),
        };
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("tests/setup installs the server");
        let server = Self { child, sort, folder, port };
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
                for host in ["localhost", "'127.0.0.1'"] {
                    self.ask(&format!("create user tester@{host} identified by '{PASSWORD}'"));
                    self.ask(&format!("grant all on *.* to tester@{host}"));
                }
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

    /// The URL at which a server with TLS has its database, by a name of this machine and with these options.
    pub(super) fn encrypted_url(&self, host: &str, options: &str) -> String {
        let scheme = if self.sort == Sort::Postgres { "postgres" } else { "mysql" };
        format!("{scheme}://tester:{PASSWORD}@{host}:{}/test?{options}", self.port.expect("it was started so"))
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
                command.args(self.port.map(|port| format!("--port={port}")));
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

/// Gives a file to whom servers run as.
fn give_away(path: &Path) {
    if is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).expect("root may do so");
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

fn postgres(folder: &Path, port: Option<u16>) -> Command {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("tests/setup installs PostgreSQL");
    let bin = versions.flatten().map(|version| version.path().join("bin")).max().expect("a version");
    let data = folder.join("data");
    let mut make = program(&bin.join("initdb"), folder);
    make.arg("-D").arg(&data).args(["-U", "owner", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"]);
    done(make);
    fs::write(
        data.join("pg_hba.conf"),
        "local all owner trust\nlocal all all scram-sha-256\nhostssl all all 127.0.0.1/32 scram-sha-256\n",
    )
    .expect("it can be written");
    let mut command = program(&bin.join("postgres"), folder);
    command.arg("-D").arg(&data).arg("-k").arg(folder).args(["-c", "fsync=off"]);
    match port {
        None => command.args(["-c", "listen_addresses="]),
        Some(port) => {
            let of = |option: &str, name: &str| format!("{option}={}", folder.join(name).display());
            command.args(["-c", "listen_addresses=127.0.0.1", "-c", &format!("port={port}"), "-c", "ssl=on"]);
            command.args(["-c", &of("ssl_cert_file", "certificate"), "-c", &of("ssl_key_file", "key")])
        }
    };
    command
}

fn mariadb(folder: &Path, port: Option<u16>) -> Command {
    let data = folder.join("data");
    let of = |option: &str, path: PathBuf| format!("--{option}={}", path.display());
    let mut make = program(Path::new("/usr/bin/mariadb-install-db"), folder);
    make.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]).arg(of("datadir", data.clone()));
    done(make);
    let mut command = program(Path::new("/usr/sbin/mariadbd"), folder);
    command.args(["--no-defaults", "--innodb-flush-log-at-trx-commit=0", "--character-set-server=utf8mb4"]);
    command.arg(of("datadir", data)).arg(of("socket", folder.join("socket"))).arg(of("tmpdir", folder.to_owned()));
    command.arg(of("pid-file", folder.join("pid")));
    match port {
        None => command.arg("--skip-networking"),
        Some(port) => {
            command.args(["--bind-address=127.0.0.1", "--skip-name-resolve", &format!("--port={port}")]);
            command.arg(of("ssl-cert", folder.join("certificate"))).arg(of("ssl-key", folder.join("key")))
        }
    };
    command
}

fn done(mut command: Command) {
    let output = command.output().expect("tests/setup installs the server");
    let told = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&told));
}
