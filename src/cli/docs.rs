//! `wfc docs --kinds [KIND]`: the reference of the step kinds, written from what the checker knows of them.

use crate::exit::Exit;
use crate::explain::first_sentence;
use crate::report::Output;
use std::fmt::Write as _;
use std::io;
use wf_model::kind::{Attribute, EffectRule, Kind, Registry};
use wf_model::suggest::nearest;
use wf_model::types::Type;

/// What `wfc docs` is asked for.
#[derive(Debug, clap::Args)]
pub struct Docs {
    /// The reference of the step kinds, as Markdown: of all, or of this one.
    #[arg(long, value_name = "KIND", num_args = 0..=1, required = true)]
    #[expect(clippy::option_option, reason = "clap tells an option without its value from one that is not there")]
    kinds: Option<Option<String>>,
}

impl Docs {
    /// Prints the reference.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        match reference(wf_steps::registry(), self.kinds.as_ref().and_then(Option::as_deref)) {
            Ok(text) => output.result(&text).map(|()| Exit::Done),
            Err(text) => output.note(&text).map(|()| Exit::Usage),
        }
    }
}

/// The reference of all kinds or of the one called `name`, or what to say where there is none.
fn reference(kinds: &Registry, name: Option<&str>) -> Result<String, String> {
    let Some(name) = name else { return Ok(all(kinds)) };
    if let Some(kind) = kinds.get(name) {
        return Ok(section("#", kind));
    }
    let help = match nearest(name, kinds.iter().map(|kind| kind.name)) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => "`wfc docs --kinds` shows all kinds.".to_owned(),
    };
    Err(format!("error: no step kind is called `{}`\nhelp: {help}\n", name.escape_debug()))
}

fn all(kinds: &Registry) -> String {
    let mut text = String::from(
        "# Step kinds\n\nWhat `wfc docs --kinds` writes from the descriptors that the checker reads. The clauses of every step \
         (`when`, `retry`, `timeout`, `undo` …) are not listed.\n\n",
    );
    for kind in kinds.iter() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "- [`{0}`](#{0}): {1}", kind.name, first_sentence(kind.doc));
    }
    kinds.iter().for_each(|kind| text.extend(["\n", &section("##", kind)]));
    text
}

/// One kind below a heading of this depth.
fn section(depth: &str, kind: &Kind) -> String {
    let mut text = format!("{depth} `{}`\n\n{}\n\n{depth}# Attributes\n\n", kind.name, kind.doc);
    for attribute in &kind.attributes {
        let _ = writeln!(text, "- **`{}`**: {}. {}", attribute.name, facts(kind, attribute), notes(attribute));
    }
    let _ = writeln!(text, "\n{depth}# What it gives\n");
    if let Type::Record(fields) = &kind.result {
        for field in fields.iter() {
            let _ = writeln!(text, "- `{}`: `{}`", field.name, field.type_);
        }
        if fields.is_empty() {
            text.push_str("Nothing.\n");
        }
    }
    if let Some(field) = kind.decodes {
        let _ = writeln!(text, "\n`-> T` decodes `{field}`.");
    }
    let _ = writeln!(text, "\n{depth}# What it does\n\n{}{}\n\n{depth}# Example\n", effect(kind), limits(kind));
    let _ = writeln!(text, "```wf\n{}```", kind.example);
    text
}

/// Its types and whether it has to be given.
fn facts(kind: &Kind, attribute: &Attribute) -> String {
    let types: Vec<String> = attribute.types.iter().map(|type_| format!("`{type_}`")).collect();
    let mut facts = vec![types.join(" or ")];
    if kind.main.contains(&attribute.name) {
        facts.push("what the literal of a header gives".to_owned());
    } else if attribute.required {
        facts.push("has to be given".to_owned());
    }
    facts.extend(attribute.default.map(|default| format!("`{default}` by default")));
    facts.join(", ")
}

/// What is said of it, and what follows from its descriptor.
fn notes(attribute: &Attribute) -> String {
    let mut notes = vec![attribute.doc.replace("\n\n", " ")];
    if attribute.takes_secret {
        notes.push("Takes secrets.".to_owned());
    }
    if !attribute.schemes.is_empty() {
        notes.push(format!("Schemes: {}.", names(attribute.schemes)));
    }
    if !attribute.excludes.is_empty() {
        notes.push(format!("Not together with {}.", names(attribute.excludes)));
    }
    notes.extend(attribute.asks_for.map(|(other, why)| format!("Needs `{other}` beside it: {why}")));
    notes.join(" ")
}

fn names(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn effect(kind: &Kind) -> String {
    match kind.effect {
        EffectRule::Reads => "It only reads, and may run twice.".to_owned(),
        EffectRule::Changes => {
            "It changes the world unless the step says `reads only`; after a kill `on unknown` decides whether it runs again."
                .to_owned()
        }
        EffectRule::UndoesItself => "It changes the world, undoes itself, and may run twice.".to_owned(),
        EffectRule::ByAttribute { attribute, default, reads, repeatable } => format!(
            "It only reads where `{attribute}` is {}; it also may run twice where it is {}. Otherwise it changes the world, and after a \
             kill `on unknown` decides whether it runs again. `{attribute}` is `{default}` unless the step says otherwise.",
            names(reads),
            names(repeatable)
        ),
    }
}

fn limits(kind: &Kind) -> String {
    let mut text = String::new();
    if kind.bounded {
        text.push_str(" It needs no `timeout`.");
    }
    if !kind.programs.is_empty() {
        let _ = write!(text, " It starts {}, which has to be on the `PATH`.", names(kind.programs));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::reference;

    #[test]
    fn an_attribute_is_told_with_all_that_its_descriptor_says() {
        let shown = reference(wf_steps::registry(), Some("http")).unwrap();
        assert!(shown.starts_with("# `http`\n\nSends an HTTP request.\n"), "{shown}");
        assert!(shown.contains("- **`method`**: "), "{shown}");
        assert!(shown.contains("- **`url`**: `url`, what the literal of a header gives. Where the request goes;"), "{shown}");
        assert!(shown.contains("It only reads where `method` is `GET`, `HEAD`"), "{shown}");
        assert!(shown.contains("`-> T` decodes `body`."), "{shown}");
    }

    #[test]
    fn a_near_kind_is_suggested() {
        let told = reference(wf_steps::registry(), Some("shel")).unwrap_err();
        assert_eq!(told, "error: no step kind is called `shel`\nhelp: Did you mean `shell`?\n");
        let told = reference(wf_steps::registry(), Some("kubernetes-job")).unwrap_err();
        assert_eq!(told, "error: no step kind is called `kubernetes-job`\nhelp: `wfc docs --kinds` shows all kinds.\n");
    }
}
