//! Goes on with a run in this process, from its beginning or from its journal, and shows what comes of it.

pub(crate) mod again;
mod asker;
pub(crate) mod control;
pub(crate) mod definition;
mod forecast;
mod limits;
pub(crate) mod secrets;

use crate::exit::Exit;
use crate::report::run::{Format, RunReport};
use crate::report::{Output, printable_line, somebody_is_there};
use crate::store::Problem;
use crate::waits::Waits;
use asker::{Asker, Terminal};
use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wf_model::event::{CancelCause, InstanceId, LostAnswer, SettledUndo};
use wf_model::program::Program;
use wf_model::run::RunState;
use wf_model::source::Sources;
use wf_runtime::dispatcher::{
    self, Assignments, Canceller, Checked, Means, RealWorld, RecallFailed, Recalled, Recalling, Reporter, RunBroken, RunEnded,
    kept_beside,
};
use wf_runtime::engine::{Engine, Running};
use wf_runtime::guard::Guarded;
use wf_store::{
    Cache, History, KeptOutput, NamedLocks, OutputLost, OutputPlace, RunLock, RunMailbox, Store, StoreError, StoredJournal,
};

/// More threads than these would only wait for each other: the system starts the programs of one process one after the other.
const MOST_THREADS: usize = 4;

/// How a run is driven and shown.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Manner {
    /// How many steps run at a time; by default the number of processors, at least 4.
    #[arg(long, value_name = "N", env = "WFC_JOBS", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
    /// How many threads wait for steps at most; by default as many as there are processors, jobs or statements, but not more than 4.
    #[arg(long, value_name = "N", env = "WFC_THREADS", hide = true)]
    pub(crate) threads: Option<NonZero<usize>>,
    /// A file that takes the outputs as JSON.
    #[arg(long, value_name = "FILE", env = "WFC_OUTPUT")]
    pub(crate) output: Option<PathBuf>,
    /// How progress and outputs are written.
    #[arg(long, value_enum, default_value_t = Format::Human, env = "WFC_FORMAT")]
    pub(crate) format: Format,
    /// Show the output of steps that succeed too.
    #[arg(long, short, env = "WFC_VERBOSE")]
    pub(crate) verbose: bool,
}

/// What keeps a run: nobody else goes on with it as long as this is held.
pub(crate) struct Kept {
    journal: StoredJournal,
    output: OutputPlace,
    locks: NamedLocks,
    cache: Cache,
    mailbox: RunMailbox,
    /// The scratch directory, which goes away when the run has ended.
    scratch: PathBuf,
    _lock: RunLock,
}

impl Kept {
    /// Takes the lock of a run that was begun, and what it writes to.
    ///
    /// # Errors
    /// When another process holds the run, or the store cannot be used.
    pub(crate) fn take(store: Store, run: &str) -> Result<Self, StoreError> {
        let _lock = store.lock(run)?;
        let (output, locks, cache, scratch) =
            (store.output_place(run), store.named_locks(run), store.cache(), store.scratch(run)?);
        let mailbox = store.mailbox(run);
        Ok(Self { journal: store.into_journal(run)?, output, locks, cache, mailbox, scratch, _lock })
    }
}

/// A run with everything that it needs to go on.
pub(crate) struct Drive {
    pub(crate) guarded: Guarded,
    pub(crate) assignments: Assignments,
    /// Engines for what it went by before.
    pub(crate) former: Vec<Engine>,
    /// How many steps run at a time from where it goes on; as before where it is not said.
    pub(crate) jobs: Option<usize>,
    pub(crate) sources: Sources,
    pub(crate) kept: Kept,
}

/// A run that was told again, before it goes on.
pub(crate) struct Resumed {
    recalled: Recalled,
    stage: Stage,
    /// What its steps wait for.
    waits: Waits,
}

/// Why a run was not told again.
pub(crate) enum NotRecalled {
    /// Its journal cannot be read, or what drives it cannot be had.
    Problem(Problem),
    /// Its journal does not fit, or keeps too little.
    Recall(RecallFailed),
    /// What happened does not stand in what it is to go by: why.
    Contradicted(Vec<String>),
}

impl<T: Into<Problem>> From<T> for NotRecalled {
    fn from(problem: T) -> Self {
        Self::Problem(problem.into())
    }
}

/// Which way a run goes on.
pub(crate) enum Way {
    /// Where it was; with what becomes of attempts that were under way.
    Forward(Vec<(InstanceId, LostAnswer)>),
    /// What it did is undone, but for steps that somebody takes care of.
    Back { settled: Vec<SettledUndo>, reason: Option<Arc<str>> },
    /// It is cancelled.
    End,
}

/// What a run goes on with beside its engine.
struct Stage {
    guarded: Guarded,
    runtime: tokio::runtime::Runtime,
    canceller: Canceller,
    threads: NonZero<usize>,
    report: Arc<RunReport>,
    /// Who is told of it.
    reporter: Arc<dyn Reporter>,
    output: Arc<KeptOutput>,
    scratch: PathBuf,
    run: Arc<str>,
    _lock: RunLock,
}

impl Manner {
    /// How many steps run at a time; fewer where this machine bears no more, which is said.
    pub(crate) fn jobs(&self, output: &mut Output) -> io::Result<usize> {
        let (jobs, fewer) = limits::jobs(jobs(self.jobs));
        if let Some(note) = fewer.filter(|_| self.format != Format::Json) {
            output.note(&note)?;
        }
        Ok(jobs)
    }

    fn threads(&self, jobs: usize, program: &Program) -> NonZero<usize> {
        let statements = program.workflows.iter().map(|(_, workflow)| workflow.statements.len()).sum();
        let processors = || std::thread::available_parallelism().map_or(1, NonZero::get);
        let useful = || processors().min(jobs).min(statements).min(MOST_THREADS);
        self.threads.or_else(|| NonZero::new(useful())).unwrap_or(NonZero::<usize>::MIN)
    }

    /// Why the file for the outputs could not be written when the run is over.
    pub(crate) fn unwritable(&self) -> Option<String> {
        self.output.as_deref().and_then(unwritable)
    }
}

impl Drive {
    /// Runs from the beginning to the end.
    pub(crate) fn begin(self, manner: &Manner, output: &mut Output) -> io::Result<Exit> {
        let (stage, assignments, means) = self.stage(manner, false)?;
        stage.perform(dispatcher::run(assignments, means), manner, output)
    }

    /// Tells the run what its journal tells; nothing is done yet, but that secrets which steps gave are asked for again. Where it
    /// `changes`, its journal does not know yet what it goes by.
    ///
    /// # Errors
    /// Where the journal cannot be read, does not fit, or keeps too little to go on.
    pub(crate) fn recall(mut self, manner: &Manner, history: History<'_>, changes: bool) -> Result<Resumed, NotRecalled> {
        let (former, jobs) = (std::mem::take(&mut self.former), self.jobs);
        let (stage, assignments, means) = self.stage(manner, true)?;
        let mut waits = Waits::default();
        let mut recalling = Recalling::new(&assignments, means, former);
        for events in history {
            let events = events?;
            for event in &events {
                stage.report.event(event);
                waits.apply(event);
            }
            stage.runtime.block_on(recalling.tell(&events)).map_err(NotRecalled::Recall)?;
        }
        if changes {
            recalling.change().map_err(NotRecalled::Contradicted)?;
        }
        let mut recalled = recalling.told();
        if let Some(jobs) = jobs {
            recalled = recalled.at_a_time(jobs);
        }
        Ok(Resumed { recalled, stage, waits })
    }

    fn stage(self, manner: &Manner, told: bool) -> io::Result<(Stage, Assignments, Means)> {
        wf_runtime::share_memory();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let Self { guarded, assignments, sources, kept, jobs, .. } = self;
        // What it took to read the program is needed no more.
        wf_runtime::give_back_memory();
        let report = if told { RunReport::before } else { RunReport::new };
        let report = Arc::new(report(manner.format, manner.verbose, &assignments.program, &sources));
        let written = Arc::new(KeptOutput::begin(kept.output, report.clone())?);
        let canceller = Canceller::default();
        let asks = manner.format != Format::Json && somebody_is_there();
        let terminal = Terminal { report: report.clone(), canceller: canceller.clone(), run: assignments.run.clone() };
        let reporter: Arc<dyn Reporter> = if asks { Arc::new(Asker::new(written.clone(), terminal)) } else { written.clone() };
        let threads = manner.threads(jobs.unwrap_or(assignments.options.jobs), &assignments.program);
        let means = Means {
            executors: Arc::clone(wf_steps::executors()),
            world: Arc::new(RealWorld { folder: assignments.folder.clone() }),
            locks: Arc::new(kept.locks),
            cache: Arc::new(kept.cache),
            journal: Box::new(kept.journal),
            threads,
            reporter: reporter.clone(),
            mailbox: Box::new(kept.mailbox),
            asked: canceller.watch(),
        };
        let (scratch, run) = (kept.scratch, assignments.run.clone());
        let stage =
            Stage { guarded, runtime, canceller, threads, report, reporter, output: written, scratch, run, _lock: kept._lock };
        Ok((stage, assignments, means))
    }
}

impl Resumed {
    /// Lets the run go by the definition that it was told to last, by the name that the store keeps it under.
    pub(crate) fn by(self, definition: Arc<str>) -> Self {
        // What is open is asked again, in other words.
        Self { recalled: self.recalled.by(definition), waits: Waits::default(), ..self }
    }

    /// The attempts of which nobody knows what became of them.
    pub(crate) fn running(&self) -> Vec<Running> {
        self.recalled.running()
    }

    /// Looks whether an attempt was done, where its step says how.
    pub(crate) fn check(&mut self, running: &Running) -> Option<Checked> {
        self.stage.runtime.block_on(self.recalled.check(running))
    }

    /// Goes on to the end.
    pub(crate) fn go_on(self, way: Way, manner: &Manner, output: &mut Output) -> io::Result<Exit> {
        let Self { recalled, stage, waits } = self;
        stage.report.go_on();
        if matches!(way, Way::Forward(_)) && manner.format != Format::Json {
            // What was asked by a process that is gone is asked by this one.
            waits.iter().for_each(|wait| stage.reporter.event(&wait.event()));
        }
        let run = async {
            match way {
                Way::Forward(answers) => recalled.go_on(&answers).await,
                Way::Back { settled, reason } => recalled.roll_back(settled, reason).await,
                Way::End => recalled.cancel().await,
            }
        };
        stage.perform(run, manner, output)
    }
}

impl Stage {
    /// Goes on to the end, and shows it.
    fn perform(
        self,
        run: impl Future<Output = Result<RunEnded, RunBroken>> + Send,
        manner: &Manner,
        output: &mut Output,
    ) -> io::Result<Exit> {
        if manner.format != Format::Json {
            forecast::begin(&self.run, &self.report);
        }
        let drive = || {
            self.runtime.block_on(async {
                self.listen()?;
                Ok::<_, io::Error>(run.await)
            })
        };
        // Orphans come to the first thread of a process, and are told from what it started itself only while nothing else starts.
        let ended = if self.threads.get() == 1 { drive() } else { elsewhere(drive) }?;
        self.conclude(ended, manner, output)
    }

    /// Takes signals and what other processes ask for; to be called inside tokio.
    fn listen(&self) -> io::Result<()> {
        self.canceller.ask_on_signals(&self.guarded)?;
        if let Some(folder) = self.scratch.parent() {
            // A file system without sockets stops no run; signals are heard all the same.
            let _ = control::listen(folder, &self.canceller);
        }
        Ok(())
    }

    fn conclude(self, ended: Result<RunEnded, RunBroken>, manner: &Manner, output: &mut Output) -> io::Result<Exit> {
        // What is still being looked up must not keep the process.
        self.runtime.shutdown_background();
        self.report.finish();
        if let Some(folder) = self.scratch.parent() {
            control::close(folder);
        }
        let lost = self.output.finish();
        if lost.bytes > 0 && manner.format != Format::Json {
            output.note(&missing(&lost))?;
        }
        match ended {
            Ok(ended) => {
                if ended.state.is_final() {
                    // A directory that cannot be removed goes away with the run, by `wfc delete`.
                    let _ = std::fs::remove_dir_all(&self.scratch);
                }
                if matches!(ended.state, RunState::Succeeded | RunState::RolledBack) {
                    let _ = std::fs::remove_dir_all(kept_beside(&self.scratch));
                }
                show(&ended, &self.run, &self.report, manner, output)
            }
            Err(RunBroken::Journal(error)) => {
                let help = format!("Nothing more was started. Once the store can be written: wfc resume {}", self.run);
                output.error(format!("the run was ended: {error}"), &help)?;
                Ok(Exit::JournalUnwritable)
            }
            Err(RunBroken::Lock(reason)) => {
                let help = format!("Nothing more was started. Later: wfc resume {}", self.run);
                output.error(format!("a lock that the run held cannot be taken again: {reason}"), &help)?;
                Ok(Exit::Failed)
            }
            Err(error @ (RunBroken::Engine(_) | RunBroken::GaveUp)) => {
                output.error(format!("the run was ended by a mistake of wfc: {error}"), "Please report it.")?;
                Ok(Exit::Failed)
            }
        }
    }
}

/// Works on a thread of its own.
fn elsewhere<T: Send>(work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    std::thread::scope(|scope| {
        let thread =
            std::thread::Builder::new().name("run".to_owned()).stack_size(dispatcher::STACK).spawn_scoped(scope, work)?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Says what of the steps' output is not kept.
fn missing(lost: &OutputLost) -> String {
    let steps: Vec<String> = lost.steps.iter().map(|path| format!("`{}`", printable_line(path))).collect();
    let whose = if steps.is_empty() { String::new() } else { format!(" of {}", steps.join(", ")) };
    let reason = lost.reason.as_deref().unwrap_or("the disk did not keep up");
    format!("warning: {} bytes of the output{whose} are not kept: {reason}\n", lost.bytes)
}

/// Shows how a run ended; nothing that goes wrong here changes it.
fn show(ended: &RunEnded, run: &str, report: &RunReport, manner: &Manner, output: &mut Output) -> io::Result<Exit> {
    // The run is over, whether somebody reads about it or not.
    let _ = output.note(&report.summary(ended, run));
    output.result(&report.result(ended, run))?;
    if let Some(path) = &manner.output
        && ended.state == RunState::Succeeded
    {
        let json = serde_json::to_string_pretty(&ended.outputs.to_json()).unwrap_or_default() + "\n";
        if let Err(error) = std::fs::write(path, json) {
            let help = "The run succeeded; its outputs stand above.";
            output.error(format!("{} cannot be written: {error}", path.display()), help)?;
            return Ok(Exit::Failed);
        }
    }
    Ok(exit(ended))
}

/// How the end of a run is told to the shell.
pub(crate) fn exit(ended: &RunEnded) -> Exit {
    match ended.state {
        RunState::Succeeded => Exit::Done,
        RunState::RolledBack => Exit::RolledBack,
        RunState::RollbackFailed => Exit::RollbackFailed,
        RunState::Paused => Exit::Waiting,
        // What was interrupted twice has not ended, and nothing goes on.
        RunState::Cancelled | RunState::Running => match ended.cancelled {
            Some(CancelCause::Hangup) => Exit::Signal(1),
            Some(CancelCause::Interrupt) => Exit::Signal(2),
            Some(CancelCause::Terminate) => Exit::Signal(15),
            Some(CancelCause::Request) | None => Exit::Failed,
        },
        RunState::Failed | RunState::Queued => Exit::Failed,
    }
}

fn unwritable(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (reason, help) = if path.is_dir() {
        ("it is a directory", "Name a file in it.")
    } else if !folder.is_dir() {
        ("its directory is not there", "Make the directory first.")
    } else {
        return None;
    };
    Some(format!("error: {} cannot be written: {reason}\nhelp: {help} Nothing was started.\n", path.display()))
}

/// How many steps run at a time: as somebody says, else as many as there are processors, at least 4.
pub(crate) fn jobs(wanted: Option<u16>) -> usize {
    let usual = || std::thread::available_parallelism().map_or(4, usize::from).max(4);
    wanted.map_or_else(usual, usize::from)
}
