//! The command that installs a program on this machine.

use wf_runtime::need::on_path;

/// Package managers, how they install, and what they call what `wfc` may need, in the order of [`PROGRAMS`].
const MANAGERS: [(&str, &str, [&str; 6]); 5] = [
    ("apt-get", "apt-get install", ["python3", "nodejs", "docker.io", "cron", "libnotify-bin", "ca-certificates"]),
    ("dnf", "dnf install", ["python3", "nodejs", "moby-engine", "cronie", "libnotify", "ca-certificates"]),
    ("apk", "apk add", ["python3", "nodejs", "docker", "dcron", "libnotify", "ca-certificates"]),
    ("pacman", "pacman -S", ["python", "nodejs", "docker", "cronie", "libnotify", "ca-certificates"]),
    ("zypper", "zypper install", ["python3", "nodejs", "docker", "cronie", "libnotify-tools", "ca-certificates"]),
];

/// Programs by the names that the `PATH` has for them.
const PROGRAMS: [&str; 6] = ["python3", "node", "docker", "crontab", "notify-send", "ca-certificates"];

/// How programs are installed here.
pub(super) struct Installer {
    manager: Option<(&'static str, [&'static str; 6])>,
    /// What comes before a command that only root may start.
    prefix: &'static str,
}

impl Installer {
    /// That of this machine.
    pub(super) fn here() -> Self {
        let manager = MANAGERS.iter().find(|(program, ..)| on_path(program).is_some());
        let prefix = if rustix::process::geteuid().is_root() { "" } else { "sudo " };
        Self { manager: manager.map(|(_, command, packages)| (*command, *packages)), prefix }
    }

    /// The command, or a sentence where the machine's way is not known.
    pub(super) fn command(&self, program: &str) -> String {
        let known = self.manager.and_then(|(command, packages)| {
            let (_, package) = PROGRAMS.iter().zip(packages).find(|(known, _)| **known == program)?;
            Some(format!("{}{command} {package}", self.prefix))
        });
        known.unwrap_or_else(|| format!("Install `{program}`."))
    }
}

#[cfg(test)]
mod tests {
    use super::{Installer, MANAGERS};

    #[test]
    fn a_program_is_installed_by_the_package_that_holds_it() {
        let [(_, command, packages), ..] = MANAGERS;
        let debian = Installer { manager: Some((command, packages)), prefix: "sudo " };
        assert_eq!(debian.command("node"), "sudo apt-get install nodejs");
        assert_eq!(debian.command("other"), "Install `other`.");
        assert_eq!(Installer { manager: None, prefix: "" }.command("node"), "Install `node`.");
    }
}
