//! What can be missing on a machine.

use wf_model::diagnostic::{Diagnostic, Finding, Strictness};
use wf_model::span::Span;
use wf_runtime::need::{Lack, Remedy};

/// A program that a step starts and that is not there.
pub(super) struct ProgramMissing<'a> {
    pub(super) program: &'a str,
    pub(super) span: Span,
}

impl Finding for ProgramMissing<'_> {
    const SLUG: &'static str = "program-missing";
    const STRICTNESS: Strictness = Strictness::PARANOID_WARNING;

    fn diagnostic(&self) -> Diagnostic {
        let program = self.program.escape_debug();
        let message = if self.program.contains('/') {
            format!("program `{program}` is not there")
        } else {
            format!("program `{program}` is not on the `PATH`")
        };
        Self::at(self.span, message)
            .labelled("would not start on this machine")
            .with_help("Install it, or run the workflow where it is installed.")
    }
}

/// The interpreter of a kind that a run needs and that is not there.
pub(super) struct InterpreterMissing<'a> {
    pub(super) program: &'a str,
    pub(super) kind: &'a str,
    pub(super) span: Span,
}

impl Finding for InterpreterMissing<'_> {
    const SLUG: &'static str = "program-missing";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("program `{}` is not on the `PATH`", self.program))
            .labelled(format!("kind `{}` starts it", self.kind))
            .with_help("Nothing was started. Install it, or name its directory in `env: { PATH: … }`.")
    }
}

/// A file or directory that a step reads and that is not there.
pub(super) struct FileMissing<'a> {
    pub(super) path: &'a str,
    pub(super) span: Span,
}

impl Finding for FileMissing<'_> {
    const SLUG: &'static str = "file-missing";
    const STRICTNESS: Strictness = Strictness::PARANOID_WARNING;

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("`{}` is not there", self.path.escape_debug()))
            .labelled("has to be there when the step starts")
            .with_help("Look at the path, which is relative to the file that it is written in; where another step makes it, all is well.")
    }
}

/// A server or database of a step that does not answer.
pub(super) struct Unreachable<'a> {
    pub(super) what: &'a str,
    pub(super) lack: &'a Lack,
    pub(super) span: Span,
}

impl Finding for Unreachable<'_> {
    const SLUG: &'static str = "unreachable";
    const STRICTNESS: Strictness = Strictness::PARANOID_WARNING;

    fn diagnostic(&self) -> Diagnostic {
        let help = match &self.lack.remedy {
            Remedy::Install(program) => format!("Install `{program}`, or run the workflow where it is installed."),
            Remedy::Do(sentence) => sentence.clone(),
        };
        Self::at(self.span, format!("{}: {}", self.what, self.lack.problem))
            .labelled("needs it when the step starts")
            .with_help(help)
    }
}
