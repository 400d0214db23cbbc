//! A Docker engine of a test alone, from Debian: its own socket, images and containers in a temporary folder, without a bridge.

use crate::cli::resume::until;
use crate::cli::{Outcome, Place};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// The image that every engine has: busybox with a shell, as nothing can be pulled.
pub(crate) const BASE: &str = "base:1";

/// Programs of the image.
const PROGRAMS: [&str; 17] = [
    "sh", "cat", "echo", "sleep", "env", "id", "true", "false", "pwd", "dd", "head", "ls", "mkdir", "wget", "httpd", "kill",
    "printf",
];

/// An engine; it ends with the value, and all of its containers with it.
pub(crate) struct Engine {
    child: Child,
    folder: TempDir,
}

impl Engine {
    /// Starts one with the image `base:1`.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with more arguments.
    pub(crate) fn start_with(arguments: &[String]) -> Self {
        // The path of a socket is short, whatever `TMPDIR` says.
        let folder = tempfile::Builder::new().prefix("wfc-docker-").tempdir_in("/tmp").expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("daemon.json"), "{}").expect("it can be written");
        let log = File::create(path("log")).expect("it can be written");
        let mut command = Command::new("dockerd");
        for name in ["DOCKER_HOST", "TMPDIR", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).stderr(log).stdout(Stdio::null());
        command.arg("--config-file").arg(path("daemon.json")).arg("--data-root").arg(path("data"));
        command.arg("--exec-root").arg(path("exec")).arg("--pidfile").arg(path("pid"));
        command.arg("--host").arg(format!("unix://{}", path("socket").display()));
        // Other engines of this machine keep their bridge and their rules.
        command.args(["--bridge=none", "--iptables=false", "--ip6tables=false", "--shutdown-timeout=1"]);
        let child = command.args(arguments).spawn().expect("tests/setup installs docker.io");
        let engine = Self { child, folder };
        until("the Docker engine", || engine.tried(&["version"]).is_some() || engine.has_ended());
        assert!(!engine.has_ended(), "dockerd ends; it runs as root alone: {}", engine.log());
        engine.import_base();
        engine
    }

    fn has_ended(&self) -> bool {
        let process = Pid::from_raw(self.child.id().cast_signed()).expect("a process number");
        let stat = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).unwrap_or_default();
        stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with('Z'))
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn import_base(&self) {
        let root = self.folder.path().join("root");
        for folder in ["bin", "tmp", "etc"] {
            fs::create_dir_all(root.join(folder)).expect("a folder");
        }
        fs::copy("/usr/bin/busybox", root.join("bin/busybox")).expect("tests/setup installs busybox-static");
        PROGRAMS.iter().for_each(|name| symlink("busybox", root.join("bin").join(name)).expect("a link"));
        let archive = self.root();
        let packed = Command::new("tar").arg("-C").arg(&root).arg("-cf").arg(&archive).arg(".").status().expect("tar");
        assert!(packed.success());
        self.ask(&["import", &archive.display().to_string(), BASE]);
    }

    /// The files of the image, as an archive.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("root.tar")
    }

    /// The value of `DOCKER_HOST`.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Where it listens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// What the engine's own client says to these arguments.
    pub(crate) fn ask(&self, arguments: &[&str]) -> String {
        self.tried(arguments).unwrap_or_else(|| panic!("docker {arguments:?}"))
    }

    fn tried(&self, arguments: &[&str]) -> Option<String> {
        let mut command = Command::new("docker");
        command.args(arguments).env("DOCKER_HOST", self.host()).env("HOME", self.folder.path());
        let output = command.output().expect("tests/setup installs docker.io");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// The names of all containers, also of those that have ended.
    pub(crate) fn containers(&self) -> String {
        self.ask(&["ps", "--all", "--format", "{{.Names}}"])
    }

    /// `wfc` in a folder, with this engine.
    pub(crate) fn command(&self, place: &Place, arguments: &[&str]) -> Command {
        let mut command = place.command(arguments);
        command.env("DOCKER_HOST", self.host());
        command
    }

    /// What `wfc run` does; no container is left behind.
    pub(crate) fn ran(&self, place: &Place) -> Outcome {
        let output = self.command(place, &["run", "--verbose", "main.wf"]).output().expect("the binary starts");
        assert_eq!(self.containers(), "");
        Outcome::of(output)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        for container in self.tried(&["ps", "--all", "--quiet"]).unwrap_or_default().lines() {
            self.tried(&["rm", "--force", container]);
        }
        let process = Pid::from_raw(self.child.id().cast_signed()).expect("a process number");
        // It ends what it has started then.
        let _ = kill_process(process, Signal::TERM);
        let _ = self.child.wait();
        unmount_below(self.folder.path());
    }
}

/// Unmounts what an engine has left mounted, such as the name spaces of networks.
fn unmount_below(folder: &Path) {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let below = mounts.lines().filter_map(|line| line.split(' ').nth(1)).filter(|path| Path::new(path).starts_with(folder));
    for path in below.collect::<Vec<_>>().into_iter().rev() {
        let _ = Command::new("umount").args(["--lazy", path]).status();
    }
}
