//! `wfc doctor [FILE…]`: what of workflows can run on this machine, and what mends what cannot.

mod files;
mod install;
mod text;

use crate::delete::bytes;
use crate::exit::Exit;
use crate::machine;
use crate::report::{Look, Output};
use crate::store;
use files::Examined;
use install::Installer;
use serde::Serialize;
use std::io;
use std::path::Path;
use wf_runtime::need::{Need, Remedy, on_path};
use wf_store::RunFilter;

/// What `wfc doctor` is asked for.
#[derive(Debug, clap::Args)]
pub struct Doctor {
    /// Files to look at; by default those around: `*.wf` in this directory and up to three below.
    files: Vec<String>,
    /// How it is told.
    #[arg(long, value_enum, default_value_t = Format::Text, env = "WFC_DOCTOR_FORMAT")]
    format: Format,
}

/// How the findings are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Lines for people.
    Text,
    /// One object, for programs.
    Json,
}

/// Everything that was looked at.
#[derive(Debug, Serialize)]
struct Report {
    version: &'static str,
    machine: String,
    store: Looked,
    kinds: Vec<Kind>,
    schedulers: Vec<Looked>,
    files: Vec<Examined>,
}

/// A step kind and what it needs.
#[derive(Debug, Serialize)]
struct Kind {
    name: &'static str,
    needs: Vec<Looked>,
}

/// Something that was looked for.
#[derive(Debug, Serialize)]
struct Looked {
    what: String,
    /// What was found; `null` where it cannot be used.
    found: Option<String>,
    /// What is wrong; `null` where nothing is.
    problem: Option<String>,
    /// The command or sentence that mends it.
    remedy: Option<String>,
}

impl Looked {
    fn of(need: Need, installer: &Installer) -> Self {
        match need.found {
            Ok(found) => Self { what: need.what, found: Some(found), problem: None, remedy: None },
            Err(lack) => {
                let remedy = match lack.remedy {
                    Remedy::Install(program) => installer.command(program),
                    Remedy::Do(sentence) => sentence,
                };
                Self { what: need.what, found: None, problem: Some(lack.problem), remedy: Some(remedy) }
            }
        }
    }
}

impl Doctor {
    /// Looks, and tells what it found; the exit code is 1 where the store or a file needs something.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        let installer = Installer::here();
        let around = if self.files.is_empty() { files::around(Path::new(".")) } else { self.files.clone() };
        let report = Report {
            version: env!("CARGO_PKG_VERSION"),
            machine: machine(),
            store: Looked::of(store(), &installer),
            kinds: kinds(&installer),
            schedulers: schedulers().into_iter().map(|need| Looked::of(need, &installer)).collect(),
            files: around.iter().map(|file| files::examine(file)).collect(),
        };
        let told = match self.format {
            Format::Text => text::lines(&report, Look::of(&io::stdout())),
            Format::Json => serde_json::to_string_pretty(&report).map_err(io::Error::other)? + "\n",
        };
        output.result(&told)?;
        let well = report.store.problem.is_none() && report.files.iter().all(Examined::is_well);
        Ok(if well { Exit::Done } else { Exit::Failed })
    }
}

fn kinds(installer: &Installer) -> Vec<Kind> {
    let needs = machine::of_kinds().into_iter();
    needs.map(|(name, needs)| Kind { name, needs: needs.into_iter().map(|need| Looked::of(need, installer)).collect() }).collect()
}

fn machine() -> String {
    let system = rustix::system::uname();
    let [name, release, machine] = [system.sysname(), system.release(), system.machine()].map(|text| text.to_string_lossy());
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{name} {release}, {machine}, {processors} processors")
}

/// Where runs are kept.
fn store() -> Need {
    let opened = store::open().and_then(|store| Ok((store.runs(&RunFilter::default())?.len(), store)));
    match opened {
        Ok((runs, store)) => {
            let root = store.root();
            let free = rustix::fs::statvfs(root).map(|space| bytes(space.f_bavail.saturating_mul(space.f_frsize)));
            let free = free.map(|free| format!(", {free} free")).unwrap_or_default();
            let noun = if runs == 1 { "run" } else { "runs" };
            Need::found("runs", &format!("{}, {runs} {noun}{free}", root.display()))
        }
        Err(error) => {
            let remedy = "Mend it, or name another folder in the variable WFC_STORE.".to_owned();
            Need::lacking("runs", &error.to_string(), Remedy::Do(remedy))
        }
    }
}

/// What could start workflows at their times.
fn schedulers() -> Vec<Need> {
    let crontab = on_path("crontab").map(|path| Need::found("crontab", &path.display().to_string()));
    // The directory by which systemd says that it runs the machine: sd_booted(3).
    let systemd = Path::new("/run/systemd/system").is_dir().then(|| Need::found("systemd", "runs this machine"));
    let found: Vec<Need> = [crontab, systemd].into_iter().flatten().collect();
    if found.is_empty() {
        return vec![Need::lacking("crontab or systemd", "neither is here", Remedy::Install("crontab"))];
    }
    found
}
