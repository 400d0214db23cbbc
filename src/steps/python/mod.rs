//! `python`: runs a Python program with `python3`.

mod executor;

pub use executor::Python;

use crate::process;
use wf_model::kind::{EffectRule, Kind, Waits};

/// The keywords.
const RESERVED: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
    "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise",
    "return", "try", "while", "with", "yield",
];

/// Describes the kind.
#[must_use]
pub fn kind() -> Kind {
    Kind {
        name: "python",
        doc: include_str!("docs.md").trim_ascii(),
        example: include_str!("example.wf"),
        main: &["code", "file"],
        main_optional: false,
        attributes: process::interpreted(RESERVED),
        result: process::result(),
        decodes: Some("stdout"),
        effect: EffectRule::Changes,
        bounded: false,
        programs: &["python3"],
        waits: Waits::Never,
    }
}
