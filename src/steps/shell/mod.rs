//! `shell`: runs a command in a shell, or a program with its arguments.

mod executor;
mod line;

pub use executor::Shell;
pub(crate) use line::started;
pub use line::{Line, line};

use crate::process;
use wf_model::kind::{Attribute, EffectRule, Kind, TextSyntax, Waits};
use wf_model::types::Type;

/// Describes the kind.
#[must_use]
pub fn kind() -> Kind {
    Kind {
        name: "shell",
        doc: include_str!("docs.md").trim_ascii(),
        example: include_str!("example.wf"),
        main: &["run"],
        main_optional: false,
        attributes: attributes(),
        result: process::result(),
        decodes: Some("stdout"),
        effect: EffectRule::Changes,
        bounded: false,
        programs: &[],
        waits: Waits::Never,
    }
}

fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::new(
            "run",
            [Type::String, Type::list(Type::String)],
            "What to run: text for the shell, or a list of program and arguments that starts with no \
             shell.\n\nA value in the text arrives as data, whatever it holds: as one word, a list as one \
             word for each element.",
        )
        .read_as(TextSyntax::Shell)
        .taking_secrets(),
        process::env(),
        process::cwd(),
        Attribute::new(
            "shell",
            [Type::String],
            "The shell that reads the text; `bash` gets `-euo pipefail`, all others get `-eu`.",
        )
        .with_default(r#""/bin/sh""#),
        Attribute::new("stdin", [Type::String], "What the step reads on its standard input; by default nothing.")
            .taking_secrets(),
        Attribute::new("allow_exit", [Type::list(Type::Int)], "Exit codes beside 0 that count as success.").with_default("[]"),
    ]
}
