//! Going on with a run whose process died: what its journal tells is told to a new engine, and what was asked for and not
//! answered is done now.

use super::{Assignments, Dispatcher, Means, RunBroken, RunEnded};
use crate::engine::{IllegalTransition, Running};
use std::collections::VecDeque;
use wf_model::event::{Event, EventKind, InstanceId, LostAnswer};
use wf_model::run::RunState;

/// A run as far as its journal tells.
pub struct Recalled {
    dispatcher: Dispatcher,
}

/// Tells a run again; nothing is done yet. `assignments` are those that it began with.
///
/// # Errors
/// When the events are not those of such a run.
pub fn recall(assignments: &Assignments, means: Means, history: &[Event]) -> Result<Recalled, IllegalTransition> {
    let mut dispatcher = Dispatcher::new(assignments, means);
    for event in history {
        dispatcher.engine.apply(event)?;
        dispatcher.latest = dispatcher.latest.max(event.at);
        if let EventKind::RunEnded { cause, .. } = &event.kind {
            dispatcher.failure.clone_from(cause);
        }
    }
    // These were done, or are among what is outstanding.
    dispatcher.engine.commands();
    Ok(Recalled { dispatcher })
}

impl Recalled {
    /// How the run stands.
    #[must_use]
    pub const fn state(&self) -> RunState {
        self.dispatcher.engine.state()
    }

    /// The attempts that were under way: nobody knows what became of them.
    #[must_use]
    pub fn running(&self) -> Vec<Running> {
        self.dispatcher.engine.running()
    }

    /// Goes on with the run; `answers` say what becomes of each attempt that was under way, those without one run again.
    ///
    /// # Errors
    /// As [`super::run`].
    pub async fn go_on(mut self, answers: &[(InstanceId, LostAnswer)]) -> Result<RunEnded, RunBroken> {
        let outcome = self.resume(answers).await;
        if outcome.is_err() {
            self.dispatcher.end_attempts().await;
        }
        outcome
    }

    async fn resume(&mut self, answers: &[(InstanceId, LostAnswer)]) -> Result<RunEnded, RunBroken> {
        let dispatcher = &mut self.dispatcher;
        if !dispatcher.engine.state().is_final() {
            let mut happened = VecDeque::from([EventKind::RunResumed]);
            for Running { instance, attempt, .. } in dispatcher.engine.running() {
                let given = answers.iter().find(|(id, _)| *id == instance.id);
                let answer = given.map_or(LostAnswer::Rerun, |(_, answer)| answer.clone());
                happened.push_back(EventKind::Lost { instance, attempt, answer });
            }
            let mut effects = Vec::new();
            for command in dispatcher.engine.outstanding() {
                dispatcher.sort(command, &mut happened, &mut effects);
            }
            happened.extend(dispatcher.asks());
            dispatcher.take_in_with(happened, effects).await?;
        }
        dispatcher.until_ended().await
    }
}
