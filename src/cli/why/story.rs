//! What happened to a step, and what led to it.

use super::condition::Conditions;
use super::loops::Lists;
use super::waiting;
use crate::logs::wanted::{Wanted, distinction};
use crate::report::run::rounded;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wf_model::event::{
    AttemptOutcome, Awaited, CacheChange, CacheMiss, CancelCause, Event, EventKind, Instance, InstanceId, InstanceKind,
    LockRefusal, LostAnswer, RollbackCause, SkipReason, Timer, Timestamp, without_places,
};
use wf_model::run::{RunRecord, Status, UndoStatus};
use wf_model::unit::Duration;
use wf_store::{History, StoreError};

/// So many instances of a step are told of; a loop may have a million.
const MOST: usize = 1_000;

/// The stories of a step.
pub(super) struct Stories {
    /// Those of its first instances, in the order in which they came to be.
    pub(super) told: Vec<Story>,
    /// How many instances there are beside.
    pub(super) more: u64,
}

/// What happened to one instance of a step.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) id: InstanceId,
    pub(super) path: Arc<str>,
    pub(super) is_undo: bool,
    /// What tells it from others that share its path.
    pub(super) distinction: Option<String>,
    pub(super) chapters: Vec<Chapter>,
}

/// Something that happened to it.
#[derive(Debug)]
pub(super) struct Chapter {
    /// How long after the run began.
    pub(super) after: Duration,
    /// What, in one word.
    pub(super) what: &'static str,
    pub(super) text: String,
}

/// The stories of the steps that are meant, in the order in which they came to be.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn stories(
    history: History<'_>,
    wanted: &Wanted<'_>,
    jobs: u32,
    conditions: Option<&Conditions<'_>>,
) -> Result<Stories, StoreError> {
    let names = conditions.zip(wanted.step).map(|(conditions, step)| conditions.names(step)).unwrap_or_default();
    let is_kept =
        |path: &str| wanted.takes_path(path) || without_places(path).rsplit('.').next().is_some_and(|name| names.contains(name));
    let mut teller = Teller {
        began: None,
        jobs,
        conditions,
        record: RunRecord::default(),
        stories: BTreeMap::new(),
        more: 0,
        others: BTreeSet::new(),
        undos: BTreeSet::new(),
        running: BTreeMap::new(),
        last: "the run began".to_owned(),
        failed: None,
        cancel: None,
        pausing: false,
        lists: Lists::default(),
    };
    let mut ended = Timestamp::default();
    for events in history {
        for event in &events? {
            ended = event.at;
            teller.began.get_or_insert(event.at);
            if let Some(step) = wanted.step.filter(|_| !names.is_empty()) {
                teller.lists.note(event, step);
            }
            let (full, stories) = (teller.stories.len() >= MOST, &teller.stories);
            teller
                .record
                .apply_of(event, |instance| if full { stories.contains_key(&instance.id) } else { is_kept(&instance.path) });
            if let Some(instance) = event.kind.instance().filter(|instance| wanted.takes_path(&instance.path)) {
                if teller.stories.len() >= MOST && !teller.stories.contains_key(&instance.id) {
                    teller.count(&event.kind, instance.id);
                } else {
                    teller.tell(event, instance);
                }
            }
            teller.note(event);
        }
    }
    let after = ended.since(teller.began.unwrap_or_default());
    let mut stories: Vec<Story> = teller.stories.into_values().collect();
    for story in &mut stories {
        let ends = ends(&teller.record, story.id).into_iter();
        story.chapters.extend(ends.map(|(what, text)| Chapter { after, what, text }));
    }
    Ok(Stories { told: stories, more: teller.more })
}

/// How it stands at last, where that is not told by what happened to it.
fn ends(record: &RunRecord, id: InstanceId) -> Vec<(&'static str, String)> {
    let Some(found) = record.instances.get(&id) else { return Vec::new() };
    let unfinished = match &found.status {
        Status::Ready if record.state.is_final() => Some("it never began: the run ended before"),
        Status::Ready => Some("it waits for a slot or for its first attempt"),
        Status::Locked { .. } => Some("it is not finished: it waits for its lock"),
        Status::Waiting { .. } if record.state.is_final() => Some("nobody gave it what it waited for: the run ended before"),
        Status::Waiting { awaited: Awaited::Signal { .. }, .. } => Some("it is not finished: it waits for its signal"),
        Status::Waiting { .. } => Some("it is not finished: it waits for an answer"),
        Status::Running => Some("it is not finished"),
        Status::Retrying(_) => Some("it is not finished: it waits for its next attempt"),
        Status::Succeeded(_) | Status::Cached(_) | Status::Failed { .. } | Status::Skipped(_) | Status::Cancelled(_) => None,
    };
    let undo = match found.undo {
        UndoStatus::None => None,
        UndoStatus::Planned => Some("it is to be undone, and was not yet"),
        UndoStatus::Undoing => Some("it is being undone"),
        UndoStatus::Undone => Some("it was undone"),
        UndoStatus::Failed => Some("it was not undone: its undo failed"),
        UndoStatus::Blocked => Some("it was not undone: what stands on it could not be undone"),
        UndoStatus::Skipped => Some("it was not undone: there was nothing to undo, or somebody took care of it"),
    };
    let line = |what: &'static str| move |text: &str| (what, text.to_owned());
    unfinished.map(line("unfinished")).into_iter().chain(undo.map(line("undo"))).collect()
}

struct Teller<'a> {
    began: Option<Timestamp>,
    jobs: u32,
    conditions: Option<&'a Conditions<'a>>,
    /// The steps that are meant and what their conditions look at, as they stand.
    record: RunRecord,
    stories: BTreeMap<InstanceId, Story>,
    /// How many more there are, and which of those have not ended.
    more: u64,
    others: BTreeSet<InstanceId>,
    /// The undos of steps, which have the paths of these.
    undos: BTreeSet<InstanceId>,
    /// The steps of which an attempt runs.
    running: BTreeMap<InstanceId, Arc<str>>,
    /// What came from outside last: everything else follows from it.
    last: String,
    failed: Option<Arc<str>>,
    cancel: Option<CancelCause>,
    /// Whether nothing new starts.
    pausing: bool,
    /// What loops around the steps that are meant go through.
    lists: Lists,
}

impl Teller<'_> {
    /// Keeps in mind what others did.
    fn note(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Ready { instance, kind: InstanceKind::Undo(_), .. } => _ = self.undos.insert(instance.id),
            EventKind::RollbackStarted { instance, cause, steps } => self.rolled_back(event, instance, *cause, steps),
            EventKind::Started { instance, .. } => _ = self.running.insert(instance.id, instance.path.clone()),
            EventKind::AttemptEnded { instance, .. } | EventKind::Lost { instance, .. } => _ = self.running.remove(&instance.id),
            EventKind::Failed { cause, .. } => self.failed = Some(cause.path.clone()),
            EventKind::CancelRequested { cause } => {
                self.cancel = Some(*cause);
                if self.pausing {
                    self.of_unfinished(event, "resumed", "the pause was over: the run was cancelled");
                }
                self.pausing = false;
            }
            EventKind::PauseRequested => {
                self.of_unfinished(event, "pause", "a pause was asked for: nothing new starts");
                self.pausing = true;
            }
            EventKind::RunResumed { jobs, .. } => {
                self.jobs = jobs.unwrap_or(self.jobs);
                self.of_unfinished(event, "resumed", "the run was resumed");
                self.pausing = false;
            }
            _ => {}
        }
        if let Some(led) = led(&event.kind) {
            let is_undo = event.kind.instance().is_some_and(|instance| self.undos.contains(&instance.id));
            self.last = if is_undo { format!("the undo of {led}") } else { led };
        }
    }

    /// Tells of the steps that are meant why they are undone.
    fn rolled_back(&mut self, event: &Event, rollback: &Instance, cause: RollbackCause, steps: &[InstanceId]) {
        let why = match (cause, self.cancel, &self.failed) {
            (RollbackCause::Retry, ..) => format!("`{}` is tried again", rollback.path),
            (RollbackCause::LostRace, ..) => "a race ended without it".to_owned(),
            (RollbackCause::Request, ..) => "a rollback was asked for".to_owned(),
            (RollbackCause::Handler, Some(cause), _) => format!("the run was cancelled by {}", by(cause)),
            (RollbackCause::Handler, None, Some(failed)) => format!("`{failed}` failed"),
            (RollbackCause::Handler, None, None) => "a handler says so".to_owned(),
        };
        let after = event.at.since(self.began.unwrap_or_default());
        for step in steps {
            if let Some(story) = self.stories.get_mut(step) {
                story.chapters.push(Chapter { after, what: "undo", text: format!("is to be undone, because {why}") });
            }
        }
    }

    /// Tells of a step that is ready what let it run.
    fn allowed(&mut self, event: &Event, instance: &Instance, is_undo: bool) {
        let Some(conditions) = self.conditions else { return };
        let of_branch = conditions.of_branch(&self.record, &self.lists, &instance.path).filter(|_| !is_undo);
        if let Some(condition) = of_branch {
            self.chapter(event, instance, "condition", format!("its branch was taken: {condition}"));
        }
        if let Some(condition) = conditions.of(&self.record, &self.lists, &instance.path, is_undo) {
            self.chapter(event, instance, "condition", format!("its condition holds: {condition}"));
        }
    }

    /// Counts an instance that is not told of.
    fn count(&mut self, kind: &EventKind, id: InstanceId) {
        match kind {
            EventKind::Ready { kind, .. } if is_step(kind) => self.more += u64::from(self.others.insert(id)),
            EventKind::Skipped { kind, .. } if is_step(kind) => self.more += u64::from(!self.others.remove(&id)),
            EventKind::Succeeded { .. } | EventKind::Cached { .. } | EventKind::Failed { .. } | EventKind::Cancelled { .. } => {
                self.others.remove(&id);
            }
            _ => {}
        }
    }

    fn chapter(&mut self, event: &Event, instance: &Instance, what: &'static str, text: String) {
        let after = event.at.since(self.began.unwrap_or_default());
        if let Some(story) = self.stories.get_mut(&instance.id) {
            story.chapters.push(Chapter { after, what, text });
        }
    }

    /// Tells of all steps that are meant and have not ended what happened to the run.
    fn of_unfinished(&mut self, event: &Event, what: &'static str, text: &str) {
        let after = event.at.since(self.began.unwrap_or_default());
        for (id, story) in &mut self.stories {
            if self.record.instances.get(id).is_some_and(|found| found.ended_at.is_none()) {
                story.chapters.push(Chapter { after, what, text: text.to_owned() });
            }
        }
    }

    fn open(&mut self, event: &Event, instance: &Instance, kind: &InstanceKind) -> bool {
        if !is_step(kind) {
            return false;
        }
        let is_undo = matches!(kind, InstanceKind::Undo(_));
        let distinction = distinction(event).map(|(_, distinction)| distinction);
        let story = Story { id: instance.id, path: instance.path.clone(), is_undo, distinction, chapters: Vec::new() };
        self.stories.entry(instance.id).or_insert(story);
        true
    }

    /// Tells an event of a step that is meant.
    fn tell(&mut self, event: &Event, instance: &Instance) {
        match &event.kind {
            EventKind::Ready { kind, .. } if self.open(event, instance, kind) => {
                self.chapter(event, instance, "ready", format!("ready, because {}", self.last));
                self.allowed(event, instance, matches!(kind, InstanceKind::Undo(_)));
                if self.pausing {
                    self.chapter(event, instance, "pause", "waits: a pause of the run was asked for".to_owned());
                } else if self.running.len() >= self.jobs as usize {
                    let names: Vec<String> = self.running.values().take(4).map(|path| format!("`{path}`")).collect();
                    let text = format!("waits for a slot: {} may run at a time, and there are {}", self.jobs, names.join(", "));
                    self.chapter(event, instance, "slot", text);
                }
            }
            EventKind::Skipped { kind, reason, .. }
                if self.open(event, instance, kind) || self.stories.contains_key(&instance.id) =>
            {
                let is_undo = matches!(kind, InstanceKind::Undo(_));
                let text = format!("skipped: {}", self.reason(*reason, &instance.path, is_undo));
                self.chapter(event, instance, "skipped", text);
            }
            EventKind::Cancelled { reason, .. } => {
                let text = format!("ended: {}", self.reason(*reason, &instance.path, false));
                self.chapter(event, instance, "cancelled", text);
            }
            kind => {
                if let Some((what, text)) = plain(kind) {
                    self.chapter(event, instance, what, text);
                }
            }
        }
    }

    fn reason(&self, reason: SkipReason, path: &str, is_undo: bool) -> String {
        match reason {
            SkipReason::Condition => {
                match self.conditions.and_then(|conditions| conditions.of(&self.record, &self.lists, path, is_undo)) {
                    Some(condition) => format!("its condition does not hold: {condition}"),
                    None => "its condition does not hold".to_owned(),
                }
            }
            SkipReason::BranchNotTaken => {
                let condition = self.conditions.and_then(|conditions| conditions.of_branch(&self.record, &self.lists, path));
                let condition = condition.map(|condition| format!(": {condition}")).unwrap_or_default();
                format!("it stands in a branch that was not taken{condition}")
            }
            SkipReason::BodyFailed => match &self.failed {
                Some(failed) => format!("`{failed}` before it failed"),
                None => "something before it failed".to_owned(),
            },
            SkipReason::Cancelled => match self.cancel {
                Some(cause) => format!("the run was cancelled by {}", by(cause)),
                None => "what stands around it was ended, by its timeout or because something beside it failed".to_owned(),
            },
            SkipReason::LostRace => "a race ended without it".to_owned(),
            SkipReason::Blocked => "what stands on the step could not be undone".to_owned(),
            SkipReason::Locked => "its lock is held by others".to_owned(),
        }
    }
}

const fn is_step(kind: &InstanceKind) -> bool {
    matches!(kind, InstanceKind::Step(_) | InstanceKind::Call(_) | InstanceKind::Undo(_))
}

const fn by(cause: CancelCause) -> &'static str {
    match cause {
        CancelCause::Hangup => "SIGHUP",
        CancelCause::Interrupt => "SIGINT",
        CancelCause::Terminate => "SIGTERM",
        CancelCause::Request => "request",
    }
}

/// What somebody may say that something follows from.
fn led(kind: &EventKind) -> Option<String> {
    Some(match kind {
        EventKind::RunStarted { .. } => "the run began".to_owned(),
        EventKind::RunResumed { .. } => "the run was resumed".to_owned(),
        EventKind::DefinitionChanged { .. } => "the run changed to the file as it was then".to_owned(),
        EventKind::CancelRequested { cause } => format!("the run was cancelled by {}", by(*cause)),
        EventKind::PauseRequested => "a pause was asked for".to_owned(),
        EventKind::RollbackRequested { .. } => "a rollback was asked for".to_owned(),
        EventKind::AttemptEnded { instance, .. } | EventKind::Lost { instance, .. } => format!("`{}` ended", instance.path),
        EventKind::TimerWoke { instance, .. } => format!("the time that `{}` waited for was over", instance.path),
        EventKind::LockAcquired { instance, lock } => format!("`{}` got lock `{lock}`", instance.path),
        EventKind::LockRefused { instance, lock, .. } => format!("`{}` did not get lock `{lock}`", instance.path),
        EventKind::CacheHit { instance, .. } | EventKind::CacheKept { instance, .. } => format!("`{}` ended", instance.path),
        EventKind::Answered { instance, .. } => format!("`{}` was answered", instance.path),
        EventKind::Signalled { name, .. } => format!("signal `{name}` came"),
        EventKind::Observed { .. } => "what it looked at outside was seen".to_owned(),
        _ => return None,
    })
}

/// What an event of a step says by itself.
fn plain(kind: &EventKind) -> Option<(&'static str, String)> {
    Some(match kind {
        EventKind::Started { attempt, .. } => ("started", format!("attempt {attempt} began")),
        EventKind::AttemptEnded { attempt, outcome, .. } => match outcome {
            AttemptOutcome::Succeeded { .. } => ("attempt", format!("attempt {attempt} succeeded")),
            AttemptOutcome::Failed(failure) => ("attempt", format!("attempt {attempt} failed: {}", failure.message)),
            AttemptOutcome::Cancelled => ("attempt", format!("attempt {attempt} was ended")),
            AttemptOutcome::NeverBegan => ("attempt", format!("attempt {attempt} was ended before it began")),
        },
        EventKind::Lost { attempt, answer, .. } => {
            let becomes = match answer {
                LostAnswer::Rerun => "it runs again",
                LostAnswer::Done(_) => "it counts as done",
                LostAnswer::Failed => "it counts as failed",
            };
            ("lost", format!("attempt {attempt} was under way when the run's process ended: {becomes}"))
        }
        EventKind::LockAwaited { lock, holder, .. } => {
            let holder = holder.as_ref().map_or("others hold it".to_owned(), |holder| format!("run {holder} holds it"));
            ("lock", format!("waits for lock `{lock}`: {holder}"))
        }
        EventKind::LockAcquired { lock, .. } => ("lock", format!("holds lock `{lock}`")),
        EventKind::LockReleased { lock, .. } => ("lock", format!("let lock `{lock}` go")),
        EventKind::LockRefused { lock, refusal, .. } => match refusal {
            LockRefusal::Held(Some(run)) => ("lock", format!("did not get lock `{lock}`: run {run} holds it")),
            LockRefusal::Held(None) => ("lock", format!("did not get lock `{lock}`: others hold it")),
            LockRefusal::Failed(reason) => ("lock", format!("did not get lock `{lock}`: {reason}")),
        },
        EventKind::Waiting { awaited, due, .. } => ("waits", waiting::awaits(awaited, *due)),
        EventKind::Answered { answer, .. } => ("answer", waiting::answered(answer)),
        EventKind::TimerWoke { timer: Timer::Timeout, .. } => ("timeout", "its time was over".to_owned()),
        EventKind::CacheHit { from, restored, .. } => {
            let restored = if *restored > 0 { format!("; {restored} outputs were restored") } else { String::new() };
            ("cache", format!("need not run: nothing that its cache names has changed since run {from}{restored}"))
        }
        EventKind::CacheMissed { reason, .. } => ("cache", format!("has to run: {}", missed(reason))),
        EventKind::CacheKept { problem: Some(problem), .. } => ("cache", format!("its success is not kept: {problem}")),
        EventKind::RetryScheduled { attempt, most, delay, failure, .. } => {
            let text = format!("attempt {attempt} of {most} comes in {}, because of: {}", rounded(*delay), failure.message);
            ("retry", text)
        }
        EventKind::Succeeded { .. } => ("succeeded", "succeeded".to_owned()),
        EventKind::Cached { .. } => ("succeeded", "succeeded by what was kept".to_owned()),
        EventKind::Failed { cause, continued, .. } => {
            let goes_on = if *continued { ", and the run goes on" } else { "" };
            ("failed", format!("failed: {}{goes_on}", cause.failure.message))
        }
        _ => return None,
    })
}

/// Why an earlier success of a step does not count.
pub(crate) fn missed(reason: &CacheMiss) -> String {
    match reason {
        CacheMiss::New => "nothing is kept of it".to_owned(),
        CacheMiss::Lost => "what was kept of it is damaged, or gone in part".to_owned(),
        CacheMiss::Failed(reason) => format!("its cache cannot be used: {reason}"),
        CacheMiss::Changed(change) => format!("it differs from what was kept last: {}", changed(change)),
    }
}

fn changed(change: &CacheChange) -> String {
    let listed = |what: &str, names: &[Arc<str>]| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")))
    };
    let parts = [
        listed("attributes", &change.attributes),
        listed("workflows", &change.workflows),
        listed("new inputs", &change.added),
        listed("inputs that are gone", &change.removed),
        listed("changed inputs", &change.changed),
        change.key.then(|| "its key".to_owned()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
