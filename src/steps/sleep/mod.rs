//! `sleep`: waits for a while, or until a time.

mod executor;

pub use executor::Sleep;

use wf_model::kind::{Attribute, EffectRule, Kind, Waits};
use wf_model::types::Type;

/// Describes the kind.
#[must_use]
pub fn kind() -> Kind {
    Kind {
        name: "sleep",
        doc: include_str!("docs.md").trim_ascii(),
        example: include_str!("example.wf"),
        main: &["duration", "until"],
        main_optional: false,
        attributes: attributes(),
        result: Type::record([]),
        decodes: None,
        effect: EffectRule::Reads,
        bounded: true,
        programs: &[],
        waits: Waits::Never,
    }
}

fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::new("duration", [Type::Duration], "How long to wait."),
        Attribute::new(
            "until",
            [Type::String],
            "The time to wait for, instead of `duration`: RFC 3339, such as `\"2026-03-01T06:00:00Z\"`; one \
             that has passed ends at once.",
        ),
    ]
}
