//! `wfc logs RUN [STEP]`: what the steps of a run wrote.

mod printer;
pub(crate) mod wanted;

use crate::exit::Exit;
use crate::report::{Output, printable_line};
use crate::store::{self, Problem};
use printer::Printer;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use wanted::Wanted;
use wf_model::event::InstanceId;
use wf_runtime::executor::Stream;
use wf_store::{AttemptId, OutputPiece, OutputReader, Store, StoreError};

/// How often a run that goes on is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// A change that is older than this is told from later ones by its time.
const SETTLED: Duration = Duration::from_secs(2);

/// Shows what the steps of a run wrote.
#[derive(Debug, clap::Args)]
pub struct Logs {
    /// The run: the beginning of its name, or `last`.
    run: String,
    /// A step by its path, such as `health` or `ship.health[1]`; without its places in loops all of them.
    step: Option<String>,
    /// Go on until the run ends.
    #[arg(long, short)]
    follow: bool,
    /// Only what was written to stdout.
    #[arg(long, conflicts_with = "stderr")]
    stdout: bool,
    /// Only what was written to stderr.
    #[arg(long)]
    stderr: bool,
    /// Only this attempt.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    attempt: Option<u32>,
}

impl Logs {
    /// Shows it.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        let outcome = self.show(output);
        store::ended(outcome, output)
    }

    fn show(&self, output: &mut Output) -> Result<Exit, Problem> {
        let (store, run) = store::found(&self.run)?;
        let mut printer = Printer::new(self.step.is_none(), io::stdout().is_terminal());
        let mut found = Found::new(&store, &run.id, self.wanted());
        let mut open: Vec<Titled> = Vec::new();
        loop {
            // Looked at before the output: what is written before the end is read after it.
            let held = store.is_held(&run.id);
            for titled in &mut open {
                titled.print(&found.wanted, &mut printer, output)?;
            }
            let more = found.look()?;
            printer.headings |= found.number > 1;
            for (id, path) in more {
                let title = found.title(id, &path)?;
                let mut titled = Titled { reader: store.output(&run.id, id), title };
                titled.print(&found.wanted, &mut printer, output)?;
                if !titled.reader.is_ended() && !held {
                    printer.finish(output)?;
                    output
                        .note(&format!("note: the process of the run ended while {} wrote\n", printable_line(&titled.title)))?;
                }
                if self.follow {
                    open.push(titled);
                }
            }
            open.retain(|titled| !titled.reader.is_ended());
            if !(self.follow && held) || output.is_closed() {
                break;
            }
            std::thread::sleep(LOOK);
        }
        printer.finish(output)?;
        if found.number == 0 { self.tell_nothing(&found, output) } else { Ok(Exit::Done) }
    }

    /// Says why there is nothing to show.
    fn tell_nothing(&self, found: &Found<'_>, output: &mut Output) -> Result<Exit, Problem> {
        let Some(step) = &self.step else {
            output.note("no step wrote anything\n")?;
            return Ok(Exit::Done);
        };
        let known = wanted::steps(found.store.history(found.run)?, step)?;
        let step_name = printable_line(step);
        if known.iter().any(|path| found.wanted.takes_path(path)) {
            let attempt = self.attempt.map(|attempt| format!(" in attempt {attempt}")).unwrap_or_default();
            output.note(&format!("step `{step_name}` wrote nothing{attempt}\n"))?;
            return Ok(Exit::Done);
        }
        let help = match wanted::meant(step, &known) {
            Some(near) => format!("Perhaps `{}` is meant.", printable_line(near)),
            None => format!("`wfc status {}` shows the steps that it came to.", found.run),
        };
        output.error(format!("run `{}` came to no step `{step_name}`", found.run), &help)?;
        Ok(Exit::Usage)
    }

    fn wanted(&self) -> Wanted<'_> {
        let stream = match (self.stdout, self.stderr) {
            (true, _) => Some(Stream::Out),
            (_, true) => Some(Stream::Error),
            (false, false) => None,
        };
        Wanted { step: self.step.as_deref(), attempt: self.attempt, stream }
    }
}

/// Output that is read, and what it is called.
struct Titled {
    reader: OutputReader,
    title: String,
}

impl Titled {
    /// Shows what is there and was not shown.
    fn print(&mut self, wanted: &Wanted<'_>, printer: &mut Printer, output: &mut Output) -> Result<(), Problem> {
        while !output.is_closed()
            && let Some(piece) = self.reader.next_piece()?
        {
            let takes = match &piece {
                OutputPiece::Written { stream, .. } => wanted.takes_stream(*stream),
                OutputPiece::LeftOut(_) => true,
            };
            if takes {
                printer.piece(self.reader.id(), &self.title, &piece, output)?;
            }
        }
        Ok(())
    }
}

/// The attempts that are meant, as they come to be.
struct Found<'a> {
    store: &'a Store,
    run: &'a str,
    wanted: Wanted<'a>,
    seen: BTreeSet<AttemptId>,
    /// How many of them are meant.
    number: usize,
    /// When something was last put into the folder of the output.
    changed: Option<SystemTime>,
    /// Which step was first seen with a path.
    paths: BTreeMap<Arc<str>, InstanceId>,
    /// The paths that several steps have.
    shared: BTreeSet<Arc<str>>,
    /// What tells steps apart that share a path; read only where some do.
    distinctions: BTreeMap<InstanceId, String>,
}

impl<'a> Found<'a> {
    fn new(store: &'a Store, run: &'a str, wanted: Wanted<'a>) -> Self {
        let (paths, shared, distinctions) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        Self { store, run, wanted, seen: BTreeSet::new(), number: 0, changed: None, paths, shared, distinctions }
    }

    /// What was not there before, with the paths of its steps.
    fn look(&mut self) -> Result<Vec<(AttemptId, Arc<str>)>, StoreError> {
        let folder = self.store.folder(self.run).join("output");
        let changed = std::fs::metadata(&folder).and_then(|found| found.modified()).ok();
        if changed.is_none() || self.changed == changed {
            return Ok(Vec::new());
        }
        // Times of folders may be coarse: what was changed just now is looked at again.
        self.changed = changed.filter(|changed| changed.elapsed().is_ok_and(|age| age > SETTLED));
        let mut more = Vec::new();
        for id in self.store.outputs(self.run)? {
            if !self.wanted.takes_attempt(id.attempt) || self.seen.contains(&id) {
                continue;
            }
            let path = self.store.output(self.run, id).path();
            let Some(path) = path.map_err(|error| StoreError::Io { path: folder.clone(), error })? else { continue };
            self.seen.insert(id);
            if self.wanted.takes_path(&path) {
                if *self.paths.entry(path.clone()).or_insert(id.instance) != id.instance {
                    self.shared.insert(path.clone());
                }
                more.push((id, path));
            }
        }
        self.number += more.len();
        Ok(more)
    }

    /// `ship.health[1], attempt 2`
    fn title(&mut self, id: AttemptId, path: &Arc<str>) -> Result<String, StoreError> {
        let shares = self.shared.contains(path);
        if shares && !self.distinctions.contains_key(&id.instance) {
            for events in self.store.history(self.run)? {
                self.distinctions.extend(events?.iter().filter_map(wanted::distinction));
            }
        }
        let distinction = self.distinctions.get(&id.instance).filter(|_| shares);
        let attempt = (id.attempt > 1).then(|| format!("attempt {}", id.attempt));
        let parts: Vec<String> = [Some(path.to_string()), distinction.cloned(), attempt].into_iter().flatten().collect();
        Ok(parts.join(", "))
    }
}
