//! Times, schedules and names that can be written and mean nothing.

use wf_model::diagnostic::{Diagnostic, Edit, Finding, Strictness};
use wf_model::span::Span;

/// `timeout 0s`
pub(crate) struct TimeoutZero {
    pub(crate) span: Span,
}

impl Finding for TimeoutZero {
    const SLUG: &'static str = "timeout-zero";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "a timeout of no time lets nothing finish")
            .labelled("is over before anything began")
            .with_help("Write how long an attempt may take, such as `timeout 5m`, or remove the clause.")
    }
}

/// `backoff 1m to 5s`
pub(crate) struct BackoffShrinks {
    pub(crate) from: Span,
    pub(crate) to: Span,
    /// Both as they are written.
    pub(crate) written: (String, String),
}

impl Finding for BackoffShrinks {
    const SLUG: &'static str = "backoff-shrinks";

    fn diagnostic(&self) -> Diagnostic {
        let (from, to) = &self.written;
        let edits = [(self.from, to), (self.to, from)];
        let edits = edits.map(|(span, replacement)| Edit { span, replacement: replacement.clone() });
        Self::at(self.from.to(self.to), "the pauses of a backoff grow")
            .labelled("ends below where it begins")
            .with_help(format!("Write the shorter pause first: `backoff {to} to {from}`."))
            .with_edits("Write the shorter pause first", edits.to_vec())
    }
}

/// A cron line whose day no month has.
pub(crate) struct ScheduleNeverDue {
    pub(crate) span: Span,
}

impl Finding for ScheduleNeverDue {
    const SLUG: &'static str = "schedule-never-due";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "the schedule never comes").labelled("none of these months has such a day").with_help(
            "The third field is the day, the fourth the month; `28-31` with a check in the workflow finds the end of a month.",
        )
    }
}

/// A `commit` where nothing comes before anything.
pub(crate) struct StrayCommit {
    pub(crate) span: Span,
}

impl Finding for StrayCommit {
    const SLUG: &'static str = "stray-commit";
    const STRICTNESS: Strictness = Strictness::WARNING;

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "a `commit` stands in a body without an order")
            .labelled("what came before it depends on the run")
            .with_help("Put it behind the `parallel`; in one, nothing comes before anything.")
    }
}

/// `param timeout: …`
pub(crate) struct ClauseAsParameter<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
}

impl Finding for ClauseAsParameter<'_> {
    const SLUG: &'static str = "clause-as-parameter";
    const STRICTNESS: Strictness = Strictness::WARNING;

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("parameter `{}` cannot be given by a step", self.name))
            .labelled("a clause of that name stands in the body of a step")
            .with_help(format!("Give it another name, such as `{}_of_call`: a step that runs this workflow gives its parameters beside its clauses.", self.name))
    }
}
