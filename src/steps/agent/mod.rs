//! `agent`: asks a language model.

use wf_model::kind::{Attribute, EffectRule, Kind, TextSyntax};
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
        runs: false,
    }
}

fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::new("prompt", [Type::String], "What is asked."),
        Attribute::new("endpoint", [Type::Url], "The URL of an OpenAI-compatible API; either this or `command` has to be given.")
            .read_as(TextSyntax::Url),
        Attribute::new(
            "command",
            [Type::String, Type::list(Type::String)],
            "A program that reads the prompt on its standard input and writes the answer, instead of \
             `endpoint`.",
        )
        .read_as(TextSyntax::Shell)
        .taking_secrets(),
        Attribute::new("model", [Type::String], "The name of the model; by default that of the endpoint."),
        Attribute::new("system", [Type::String], "Instructions that stand before the prompt."),
        Attribute::new("key", [Type::String], "The key of the endpoint.").taking_secrets(),
        Attribute::new("temperature", [Type::Float], "How freely it answers, from 0 on; by default as the model does."),
    ]
}
