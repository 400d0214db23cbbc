//! `gate`: lets the run go on only where a condition holds.

mod executor;

pub use executor::Gate;

use wf_model::kind::{Attribute, EffectRule, Kind, Waits};
use wf_model::types::Type;

/// Describes the kind.
#[must_use]
pub fn kind() -> Kind {
    Kind {
        name: "gate",
        doc: include_str!("docs.md").trim_ascii(),
        example: include_str!("example.wf"),
        main: &["check"],
        main_optional: false,
        attributes: attributes(),
        result: Type::record([("passed", Type::Bool)]),
        decodes: None,
        effect: EffectRule::Reads,
        bounded: true,
        programs: &[],
        waits: Waits::Unless { attribute: "otherwise", values: &["abort", "continue"] },
    }
}

fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::new("check", [Type::Bool], "What has to hold."),
        Attribute::new(
            "otherwise",
            [Type::union(["abort", "pause", "continue"])],
            "What happens when it does not: the step fails, the run waits for somebody, or it goes on with \
             `passed` as `false`.",
        )
        .with_default(r#""abort""#),
        Attribute::new("message", [Type::String], "What to say when it does not hold."),
    ]
}
