//! `javascript`: runs a JavaScript program with `node`.

mod executor;

pub use executor::JavaScript;

use crate::process;
use wf_model::kind::{EffectRule, Kind, Waits};

/// The words that no variable of a module can be called.
const RESERVED: &[&str] = &[
    "Infinity",
    "NaN",
    "arguments",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "globalThis",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "process",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "undefined",
    "var",
    "void",
    "while",
    "with",
    "yield",
];

/// Describes the kind.
#[must_use]
pub fn kind() -> Kind {
    Kind {
        name: "javascript",
        doc: include_str!("docs.md").trim_ascii(),
        example: include_str!("example.wf"),
        main: &["code", "file"],
        main_optional: false,
        attributes: process::interpreted(RESERVED),
        result: process::result(),
        decodes: Some("stdout"),
        effect: EffectRule::Changes,
        bounded: false,
        programs: &["node"],
        waits: Waits::Never,
    }
}
