//! No value is ever code: hostile strings in every place of a shell text that takes values, in every shell.

mod batch;
mod campaign;
mod places;
mod refused;
mod run;
pub(crate) mod strings;

use batch::Readers;
use campaign::{Shell, campaign};
use wf_compiler::{FileProblem, Files};

/// One file, whatever is asked for.
struct OneFile<'a>(&'a str);

impl Files for OneFile<'_> {
    fn read(&self, _: &str) -> Result<String, FileProblem> {
        Ok(self.0.to_owned())
    }

    fn resolve(&self, _: &str, path: &str) -> String {
        format!("/{path}")
    }
}

const POSIX: &[Readers] = &[Readers::All, Readers::Arguments];
const DASH: Shell = Shell { name: "sh", command: &["dash", "-eu"], locale: "C.UTF-8", readers: POSIX };
const BUSYBOX: Shell = Shell { name: "busybox sh", command: &["busybox", "sh", "-eu"], locale: "C.UTF-8", readers: POSIX };
const BASH: Shell = Shell {
    name: "bash",
    command: &["bash", "-euo", "pipefail"],
    locale: "C.UTF-8",
    readers: &[Readers::All, Readers::Arguments, Readers::Bash],
};

#[test]
fn dash_gets_values_as_data() {
    campaign(DASH, &strings::all());
}

#[test]
fn bash_gets_naughty_strings_as_data() {
    campaign(BASH, &strings::naughty());
}

#[test]
fn bash_gets_generated_strings_as_data() {
    campaign(BASH, &strings::generated());
}

#[test]
fn bash_without_a_locale_gets_values_as_data() {
    campaign(Shell { locale: "C", ..BASH }, &strings::generated());
}

#[test]
fn busybox_gets_values_as_data() {
    campaign(BUSYBOX, &strings::all());
}

#[test]
fn every_shell_gets_large_values_as_data() {
    campaign(Shell { readers: &[Readers::All], ..DASH }, &strings::large());
    campaign(Shell { locale: "C", readers: &[Readers::All, Readers::Bash], ..BASH }, &strings::large());
    campaign(Shell { readers: &[Readers::All], ..BUSYBOX }, &strings::large());
}

#[test]
fn a_script_ends_where_the_file_of_a_value_is_missing() {
    for shell in [DASH, BASH, BUSYBOX] {
        assert_eq!(campaign::without_files(shell), (false, String::new()), "{}", shell.name);
    }
}
