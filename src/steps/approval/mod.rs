//! `approval`: waits until somebody approves.

use wf_model::kind::{Attribute, EffectRule, Kind, Waits};
use wf_model::types::Type;

/// Describes the kind.
#[must_use]
pub fn kind() -> Kind {
    Kind {
        name: "approval",
        doc: include_str!("docs.md").trim_ascii(),
        example: include_str!("example.wf"),
        main: &["message"],
        main_optional: false,
        attributes: attributes(),
        result: Type::record([
            ("approved", Type::Bool),
            ("by", Type::String),
            ("at", Type::String),
            ("comment", Type::optional(Type::String)),
            ("choice", Type::optional(Type::String)),
        ]),
        decodes: None,
        effect: EffectRule::Reads,
        bounded: false,
        programs: &[],
        waits: Waits::Always,
    }
}

fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::new("message", [Type::String], "The question."),
        Attribute::new(
            "approvers",
            [Type::list(Type::String)],
            "Who may answer, by their names on this machine; by default everybody. Whoever may write to the store of runs can still \
             say anything.",
        ),
        Attribute::new(
            "choices",
            [Type::list(Type::String)],
            "Answers to choose from when approving; by default there is just yes.",
        ),
        Attribute::new(
            "on_timeout",
            [Type::union(["reject", "approve"])],
            "What counts when nobody has answered within `timeout`.",
        )
        .with_default(r#""reject""#),
    ]
}
