//! Going on with a run whose process died: what its journal tells is told to a new engine, and what was asked for and not
//! answered is done now.

use super::{Assignments, Dispatcher, Effect, Means, RunBroken, RunEnded};
use crate::dispatcher::reporter::Unheard;
use crate::engine::{Engine, IllegalTransition, Running, Teller};
use std::collections::VecDeque;
use std::sync::Arc;
use wf_model::event::{
    AttemptOutcome, CancelCause, Event, EventKind, Instance, InstanceId, LockRefusal, LostAnswer, SettledUndo,
};
use wf_model::run::RunState;
use wf_model::script::Call;
use wf_model::types::Type;

/// A run as far as its journal tells.
pub struct Recalled {
    pub(super) dispatcher: Dispatcher,
    /// The definition that it changes to.
    changed: Option<Arc<str>>,
    /// How many attempts run at a time from where it goes on.
    jobs: Option<u32>,
}

/// Why a run cannot be told again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecallFailed {
    /// Its journal tells what this program would not have done.
    #[error("its journal does not fit: {0}")]
    Illegal(#[from] IllegalTransition),
    /// A step that gives a secret, which is never kept, did not give it again.
    #[error("step `{step}` gives a secret, which is kept nowhere, and did not give it again: {message}")]
    Secret {
        /// The step's path.
        step: Arc<str>,
        /// What came of it.
        message: Arc<str>,
    },
}

/// A run that is being told what its journal tells. Nothing is done yet, but that steps whose value is a secret are run for it once more:
/// secrets are in no journal.
pub struct Recalling {
    dispatcher: Dispatcher,
    teller: Teller,
}

impl Recalling {
    /// The run before anything happened; `former` are engines for the definitions that it went by before that of `assignments`, in
    /// their order.
    #[must_use]
    pub fn new(assignments: &Assignments, means: Means, former: Vec<Engine>) -> Self {
        let mut engines = former.into_iter().chain([assignments.engine()]);
        let first = engines.next().unwrap_or_else(|| assignments.engine());
        Self { dispatcher: Dispatcher::new(assignments, means), teller: Teller::new(first, engines) }
    }

    /// Tells it what happened next.
    ///
    /// # Errors
    /// When the events are not those of such a run, or a secret is not to be had.
    pub async fn tell(&mut self, events: &[Event]) -> Result<(), RecallFailed> {
        let Self { dispatcher, teller } = self;
        for event in events {
            let told = dispatcher.with_secret(teller.engine(), event).await?;
            teller.tell(told.as_ref().unwrap_or(event))?;
            dispatcher.latest = dispatcher.latest.max(event.at);
            dispatcher.note_ending(&event.kind);
        }
        Ok(())
    }

    /// Tells what happened to the definition that the run is to go by, of which its journal does not know yet.
    ///
    /// # Errors
    /// Where that does not stand in it: why, each one lower case fact.
    pub fn change(&mut self) -> Result<(), Vec<String>> {
        self.teller.turn()
    }

    /// The run as far as it was told.
    #[must_use]
    pub fn told(self) -> Recalled {
        let Self { mut dispatcher, teller } = self;
        dispatcher.engine = teller.into_engine();
        dispatcher.has_mail = true;
        Recalled { dispatcher, changed: None, jobs: None }
    }
}

impl Dispatcher {
    /// Keeps in mind why the run ends, as it is told at its end.
    fn note_ending(&mut self, event: &EventKind) {
        match event {
            EventKind::RunEnded { cause, .. } => self.failure.clone_from(cause),
            EventKind::CancelRequested { cause } => _ = self.cancelled.get_or_insert(*cause),
            _ => {}
        }
    }

    /// The event with the secret that a step gave in it, where it gave one.
    async fn with_secret(&mut self, engine: &Engine, event: &Event) -> Result<Option<Event>, RecallFailed> {
        let EventKind::AttemptEnded { instance, attempt, outcome, leaked } = &event.kind else { return Ok(None) };
        let AttemptOutcome::Succeeded { .. } = outcome else { return Ok(None) };
        let call = engine.call_of(instance.id);
        let Some(call) = call.filter(|call| call.decode.as_ref().is_some_and(Type::holds_secret)) else { return Ok(None) };
        let outcome = self.again(instance, *attempt, call).await?;
        if let AttemptOutcome::Succeeded { decoded: Some(value), .. } = &outcome {
            self.secrets.learn(value);
        }
        let kind = EventKind::AttemptEnded { instance: instance.clone(), attempt: *attempt, outcome, leaked: *leaked };
        Ok(Some(Event { at: event.at, kind }))
    }

    /// Runs the attempt that goes on once more, and tells nobody.
    async fn again(&self, instance: &Instance, attempt: u32, call: Arc<Call>) -> Result<AttemptOutcome, RecallFailed> {
        let assignment = self.assignment(instance.clone(), attempt, call, None, Arc::new(Unheard));
        match super::attempt::perform(assignment).await.ended {
            EventKind::AttemptEnded { outcome: outcome @ AttemptOutcome::Succeeded { .. }, .. } => Ok(outcome),
            EventKind::AttemptEnded { outcome: AttemptOutcome::Failed(failure), .. } => {
                Err(RecallFailed::Secret { step: instance.path.clone(), message: failure.message })
            }
            _ => Err(RecallFailed::Secret { step: instance.path.clone(), message: "it was ended".into() }),
        }
    }
}

impl Dispatcher {
    /// Takes the locks that the run held when its process died; it stays as it was where somebody ends it meanwhile.
    async fn hold_again(&mut self) -> Result<(), RunBroken> {
        match self.acquire_again().await {
            Ok(false) => Ok(()),
            // Nothing has been done yet: the run stays as it was.
            Ok(true) => {
                self.asks();
                self.suspended = true;
                Ok(())
            }
            Err(LockRefusal::Failed(reason)) => Err(RunBroken::Lock(reason)),
            Err(LockRefusal::Held(_)) => Err(RunBroken::Lock("it is held by others".into())),
        }
    }
}

impl Dispatcher {
    /// Takes up what the journal leaves open: what becomes of attempts that were under way, and what was asked for and not answered.
    fn outstanding(&mut self, happened: &mut VecDeque<EventKind>, answers: &[(InstanceId, LostAnswer)]) -> Vec<Effect> {
        for Running { instance, attempt, .. } in self.engine.running(self.world.boot().as_deref()) {
            let given = answers.iter().find(|(id, _)| *id == instance.id);
            let answer = given.map_or(LostAnswer::Rerun, |(_, answer)| answer.clone());
            happened.push_back(EventKind::Lost { instance, attempt, answer });
        }
        let mut effects = Vec::new();
        for command in self.engine.outstanding() {
            self.sort(command, happened, &mut effects);
        }
        effects
    }
}

impl Recalled {
    /// Lets so many attempts run at a time from where the run goes on; it was told with as many as when it began.
    #[must_use]
    pub fn at_a_time(self, jobs: usize) -> Self {
        Self { jobs: Some(u32::try_from(jobs).unwrap_or(u32::MAX)), ..self }
    }

    fn resumed(&self) -> EventKind {
        EventKind::RunResumed { boot: self.dispatcher.world.boot(), jobs: self.jobs }
    }

    /// Lets the run go by the definition that it was told to last, from where it goes on; it is named as the store keeps it.
    #[must_use]
    pub fn by(self, definition: Arc<str>) -> Self {
        Self { changed: Some(definition), ..self }
    }

    /// The attempts that were under way: nobody knows what became of them.
    #[must_use]
    pub fn running(&self) -> Vec<Running> {
        self.dispatcher.engine.running(self.dispatcher.world.boot().as_deref())
    }

    /// Goes on with the run; `answers` say what becomes of each attempt that was under way, those without one run again.
    ///
    /// # Errors
    /// As [`super::run`].
    pub async fn go_on(mut self, answers: &[(InstanceId, LostAnswer)]) -> Result<RunEnded, RunBroken> {
        let (driver, answers) = (self.dispatcher.driver(), answers.to_vec());
        let run = async move {
            let outcome = self.resume(&answers).await;
            self.over(outcome).await
        };
        driver.until_end(run).await
    }

    /// Undoes what the run did and nobody has undone; `settled` are steps that somebody takes care of, and `reason` says why. A run
    /// whose process died is cancelled first, with its handlers.
    ///
    /// # Errors
    /// As [`super::run`].
    pub async fn roll_back(mut self, settled: Vec<SettledUndo>, reason: Option<Arc<str>>) -> Result<RunEnded, RunBroken> {
        let driver = self.dispatcher.driver();
        let run = async move {
            let outcome = self.undo(EventKind::RollbackRequested { settled, reason }).await;
            self.over(outcome).await
        };
        driver.until_end(run).await
    }

    /// Ends the run: what was under way counts as ended, and its handlers run.
    ///
    /// # Errors
    /// As [`super::run`].
    pub async fn cancel(mut self) -> Result<RunEnded, RunBroken> {
        let driver = self.dispatcher.driver();
        let run = async move {
            let outcome = self.go_back().await;
            self.over(outcome).await
        };
        driver.until_end(run).await
    }

    /// Where the run cannot go on, nothing of it does.
    async fn over(mut self, outcome: Result<RunEnded, RunBroken>) -> Result<RunEnded, RunBroken> {
        if outcome.is_err() {
            self.dispatcher.end_attempts().await;
        }
        outcome
    }

    async fn undo(&mut self, request: EventKind) -> Result<RunEnded, RunBroken> {
        let goes_on = match self.dispatcher.engine.state() {
            RunState::Running => true,
            RunState::Paused => !self.dispatcher.engine.waits_for_rollback(),
            _ => false,
        };
        if goes_on {
            let ended = self.go_back().await?;
            if self.dispatcher.suspended || !matches!(ended.state, RunState::Failed | RunState::Cancelled) {
                return Ok(ended);
            }
            (self.dispatcher.failure, self.dispatcher.cancelled) = (ended.failure, None);
        }
        let dispatcher = &mut self.dispatcher;
        let mut happened = VecDeque::from([request]);
        happened.extend(dispatcher.asks());
        dispatcher.take_in(happened, Vec::new())?;
        dispatcher.until_ended().await
    }

    /// Cancels the run; what was under way counts as ended.
    async fn go_back(&mut self) -> Result<RunEnded, RunBroken> {
        let resumed = self.resumed();
        let dispatcher = &mut self.dispatcher;
        dispatcher.hold_again().await?;
        if dispatcher.suspended {
            return dispatcher.until_ended().await;
        }
        let mut happened = VecDeque::from([resumed]);
        if !dispatcher.engine.is_cancelled() {
            happened.push_back(EventKind::CancelRequested { cause: CancelCause::Request });
        }
        let effects = dispatcher.outstanding(&mut happened, &[]);
        dispatcher.take_in(happened, effects)?;
        dispatcher.until_ended().await
    }

    async fn resume(&mut self, answers: &[(InstanceId, LostAnswer)]) -> Result<RunEnded, RunBroken> {
        let resumed = self.resumed();
        let dispatcher = &mut self.dispatcher;
        if !dispatcher.engine.state().is_final() {
            dispatcher.hold_again().await?;
        }
        if !dispatcher.suspended {
            let changed = self.changed.take().map(|definition| EventKind::DefinitionChanged { definition });
            let (mut happened, mut effects) = (VecDeque::from_iter(changed), Vec::new());
            if !dispatcher.engine.state().is_final() {
                happened.push_back(resumed);
                effects = dispatcher.outstanding(&mut happened, answers);
                happened.extend(dispatcher.asks());
            }
            dispatcher.take_in(happened, effects)?;
        }
        dispatcher.until_ended().await
    }
}
