//! `javascript`: runs a JavaScript program with `node`.

mod executor;

pub use executor::JavaScript;

use crate::process;
use wf_model::kind::{EffectRule, Kind};

/// Describes the kind.
#[must_use]
pub fn kind() -> Kind {
    Kind {
        name: "javascript",
        doc: include_str!("docs.md").trim_ascii(),
        example: include_str!("example.wf"),
        main: &["code", "file"],
        main_optional: false,
        attributes: process::interpreted(),
        result: process::result(),
        decodes: Some("stdout"),
        effect: EffectRule::Changes,
        bounded: false,
        programs: &["node"],
        runs: true,
    }
}
