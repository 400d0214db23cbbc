//! `javascript`: runs a JavaScript program with `node`.

use crate::process;
use wf_model::kind::{Attribute, EffectRule, Kind, TextSyntax};
use wf_model::types::Type;

/// Describes the kind.
#[must_use]
pub fn kind() -> Kind {
    Kind {
        name: "javascript",
        doc: include_str!("docs.md").trim_ascii(),
        example: include_str!("example.wf"),
        main: &["code", "file"],
        main_optional: false,
        attributes: attributes(),
        result: process::result(),
        decodes: Some("stdout"),
        effect: EffectRule::Changes,
        bounded: false,
        runs: false,
    }
}

fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::new("code", [Type::String], "The program's text, which takes no `${…}`: values come in through `inputs`.")
            .read_as(TextSyntax::Code),
        Attribute::new("file", [Type::Path], "The file that holds the program, instead of `code`."),
        Attribute::new("inputs", [Type::map(Type::Json)], "Values for the program, each under a variable of its name.")
            .with_default("{}"),
        process::env(),
        process::cwd(),
    ]
}
