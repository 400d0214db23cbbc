//! `notify` steps to a desktop: the real `notify-send` over a bus of the test alone, to a service that writes down what it shows.

use crate::cli::resume::until;
use crate::cli::{Outcome, Place};
use std::fs;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A desktop without a screen; it ends with the value.
struct Desktop {
    folder: TempDir,
    /// The bus, and the service on it.
    children: [Child; 2],
}

impl Desktop {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bus = folder.path().join("bus");
        let address = format!("unix:path={}", bus.display());
        let mut daemon = Command::new("dbus-daemon");
        daemon.args(["--session", "--nofork", "--nosyslog", &format!("--address={address}")]);
        let daemon = daemon.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("tests/setup installs the bus");
        until("the bus", || bus.exists());
        // The modules are those of Debian, for its own python3.
        let mut service = Command::new("/usr/bin/python3");
        service.args(["-c", include_str!("desktop.py")]).arg(folder.path().join("shown")).arg(folder.path().join("ready"));
        service.env("DBUS_SESSION_BUS_ADDRESS", address).stdout(Stdio::null()).stderr(Stdio::null());
        let service = service.spawn().expect("python3");
        until("the desktop", || folder.path().join("ready").exists());
        Self { folder, children: [daemon, service] }
    }

    fn address(&self) -> String {
        format!("unix:path={}", self.folder.path().join("bus").display())
    }

    /// What it has shown: program, title and body of each message.
    fn shown(&self) -> Vec<[String; 3]> {
        let lines = fs::read_to_string(self.folder.path().join("shown")).expect("messages");
        lines.lines().map(|line| serde_json::from_str(line).expect("a message")).collect()
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn every_text_is_shown_as_it_is() {
    let texts: Vec<String> = serde_json::from_str(include_str!("../data/naughty-strings/blns.json")).expect("a list");
    let more = ["a \\n b \\101 \\", "<b>a</b> &amp;", "--help", "two\nlines"].map(str::to_owned);
    // Each is a process of its own.
    let texts: Vec<String> = texts.into_iter().step_by(7).filter(|text| !text.is_empty()).chain(more).collect();
    let desktop = Desktop::start();
    let place = Place::with(
        r#"workflow main {
  param texts: [string]
  for each text in texts {
    step tell: notify { message: text, title: text, to: desktop(), no undo "a message" }
  }
}
"#,
    );
    place.write("texts.json", &serde_json::json!({ "texts": texts }).to_string());
    let mut command = place.command(&["run", "main.wf", "--params", "texts.json"]);
    let outcome = Outcome::of(command.env("DBUS_SESSION_BUS_ADDRESS", desktop.address()).output().expect("it starts"));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let shown = desktop.shown();
    assert_eq!(shown.len(), texts.len());
    for (text, [program, title, body]) in texts.iter().zip(&shown) {
        let plain = body.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        assert_eq!((program.as_str(), &plain), ("wfc", text));
        assert!(!body.contains(['<', '>']), "{body:?}");
        let words = |text: &str| text.split(|c: char| c.is_whitespace() || c.is_control()).collect::<String>();
        assert!(words(title) == words(text) || title == "wfc", "{title:?}");
    }
}

#[test]
fn a_machine_without_a_desktop_is_told() {
    let place = Place::with("workflow main {\n  step tell: notify \"x\" { to: desktop(), no undo \"x\" }\n}\n");
    let outcome = place.ran(&[]);
    let expected = "`notify-send` finds no desktop that shows messages: run it within a session of one";
    assert!(outcome.code == 1 && outcome.stderr.contains(expected), "{}", outcome.stderr);
    let outcome = Outcome::of(place.command(&["run", "main.wf"]).env("PATH", place.path("")).output().expect("it starts"));
    let expected = "program `notify-send` is not on the `PATH`: install it (Debian has it in `libnotify-bin`)";
    assert!(outcome.code == 1 && outcome.stderr.contains(expected), "{}", outcome.stderr);
}
