//! `agent`: asks a language model.

mod answer;
mod command;
mod conversation;
mod endpoint;
mod events;
mod executor;
mod recorded;
mod schema;

pub use executor::Agent;

use crate::process;
use wf_model::kind::{Attribute, EffectRule, Kind, TextSyntax, Waits};
use wf_model::types::Type;

/// Describes the kind.
#[must_use]
pub fn kind() -> Kind {
    Kind {
        name: "agent",
        doc: include_str!("docs.md").trim_ascii(),
        example: include_str!("example.wf"),
        main: &["prompt"],
        main_optional: false,
        attributes: attributes(),
        result: Type::record([("text", Type::String), ("tokens", Type::Int)]),
        decodes: Some("text"),
        effect: EffectRule::Changes,
        bounded: false,
        programs: &[],
        waits: Waits::Never,
    }
}

fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::new("prompt", [Type::String], "What is asked."),
        Attribute::new("endpoint", [Type::Url], "The URL of an OpenAI-compatible API; either this or `command` has to be given.")
            .read_as(TextSyntax::Url)
            .of_schemes(&["http", "https"])
            .required_unless("command"),
        Attribute::new(
            "command",
            [Type::String, Type::list(Type::String)],
            "A program that reads the prompt on its standard input and writes the answer, instead of \
             `endpoint`: text for the shell, or a list of program and arguments.",
        )
        .read_as(TextSyntax::Shell)
        .taking_secrets()
        .excluding(&["endpoint"]),
        Attribute::new("model", [Type::String], "The name of the model; by default that of the endpoint.")
            .excluding(&["command"]),
        Attribute::new("system", [Type::String], "Instructions that stand before the prompt."),
        Attribute::new("key", [Type::String], "The key of the endpoint.").taking_secrets().excluding(&["command"]),
        Attribute::new("temperature", [Type::Float], "How freely it answers, from 0 on; by default as the model does.")
            .excluding(&["command"]),
        Attribute::new("ca", [Type::Path], "A file with the certificates, in PEM, that are trusted beside those of the system.")
            .reading_paths()
            .excluding(&["command"]),
        Attribute::new(
            "allow_address",
            [Type::list(Type::String)],
            "Link-local and metadata addresses that the endpoint may be at, or their networks.",
        )
        .with_default("[]")
        .excluding(&["command"]),
        process::env().excluding(&["endpoint"]),
        process::cwd().excluding(&["endpoint"]),
        Attribute::new("shell", [Type::String], "The shell that reads the text of `command`.")
            .with_default(r#""/bin/sh""#)
            .excluding(&["endpoint"]),
    ]
}
