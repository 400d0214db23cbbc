//! `file`: makes a file have this content, or not exist.

mod attributes;
mod change;
mod executor;
mod kept;
mod preview;
mod problem;
mod restoring;
mod state;
mod wish;

pub use executor::File;
pub use restoring::restoring;

use wf_model::kind::{Attribute, EffectRule, Kind, Waits};
use wf_model::types::Type;

/// Describes the kind.
#[must_use]
pub fn kind() -> Kind {
    Kind {
        name: "file",
        doc: include_str!("docs.md").trim_ascii(),
        example: include_str!("example.wf"),
        main: &["path"],
        main_optional: false,
        attributes: attributes(),
        result: Type::record([("changed", Type::Bool), ("path", Type::Path)]),
        decodes: None,
        effect: EffectRule::UndoesItself,
        bounded: true,
        programs: &[],
        waits: Waits::Never,
    }
}

fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::new("path", [Type::Path], "The file."),
        Attribute::new(
            "content",
            [Type::String],
            "What stands in it; left out, the content stays as it is and a missing file is made empty.",
        ),
        Attribute::new("mode", [Type::String], "Its permissions in octal, such as `\"0644\"`; left out, they stay as they are.")
            .as_mode(),
        Attribute::new("absent", [Type::Bool], "Whether there must be no such file; then `content` and `mode` say nothing.")
            .with_default("false"),
    ]
}
