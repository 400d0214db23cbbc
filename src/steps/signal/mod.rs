//! `signal`: waits until somebody sends a signal to the run.

use wf_model::kind::{Attribute, EffectRule, Kind, Waits};
use wf_model::types::Type;

/// Describes the kind.
#[must_use]
pub fn kind() -> Kind {
    Kind {
        name: "signal",
        doc: include_str!("docs.md").trim_ascii(),
        example: include_str!("example.wf"),
        main: &["name"],
        main_optional: false,
        attributes: attributes(),
        result: Type::record([("data", Type::Json)]),
        decodes: Some("data"),
        effect: EffectRule::Reads,
        bounded: false,
        programs: &[],
        waits: Waits::Always,
    }
}

fn attributes() -> Vec<Attribute> {
    vec![Attribute::new("name", [Type::String], "The name of the signal.")]
}
