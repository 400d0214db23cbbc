//! `textDocument/hover`: what a name means, of what type it is, and what its author wrote about it.

use super::outline;
use crate::snapshot::Snapshot;
use crate::types::{Hover, HoverContents, MarkupContent, MarkupKind, Position};
use wf_compiler::index::{Occurrence, Symbol};
use wf_model::kind::Attribute;
use wf_model::span::Span;

/// What is known of the name at a position; as plain text where the client shows no Markdown.
pub(crate) fn at(snapshot: &Snapshot, position: Position, markdown: bool) -> Option<Hover> {
    let found = snapshot.name_at(position)?;
    let Told { code, text } = told(snapshot, found)?;
    let value = match (markdown, text.is_empty()) {
        (true, true) => format!("```wf\n{code}\n```"),
        (true, false) => format!("```wf\n{code}\n```\n\n{text}"),
        (false, true) => code,
        (false, false) => format!("{code}\n\n{text}"),
    };
    let kind = if markdown { MarkupKind::Markdown } else { MarkupKind::PlainText };
    let contents = HoverContents::Markup(MarkupContent { kind, value });
    Some(Hover { contents, range: Some(snapshot.range(found.span)) })
}

/// What is said of a name.
pub(crate) struct Told {
    /// In the language.
    pub(crate) code: String,
    /// In words, as Markdown.
    pub(crate) text: String,
}

/// What is said of a name.
pub(crate) fn told(snapshot: &Snapshot, found: &Occurrence) -> Option<Told> {
    let typed = |name: &str| match &found.type_ {
        Some(type_) => format!("{name}: {type_}"),
        None => name.to_owned(),
    };
    let bare = |code: String| Told { code, text: String::new() };
    Some(match &found.symbol {
        Symbol::Value(place)
        | Symbol::Workflow(place)
        | Symbol::Type(place)
        | Symbol::Output(place)
        | Symbol::Checkpoint(place) => declared(snapshot, *place, found),
        Symbol::Module(place) => bare(format!("use {}", snapshot.slice(*place))),
        Symbol::Kind(name) => {
            let kind = snapshot.kinds.get(name)?;
            Told { code: format!("step NAME: {name}"), text: format!("{}\n\nGives `{}`.", kind.doc, kind.result) }
        }
        Symbol::Attribute { kind, name } => attribute(snapshot.kinds.get(kind)?.attribute(name)?),
        Symbol::Function(name) | Symbol::Method(name) => bare(typed(&format!("{name}()"))),
        Symbol::Field(name) | Symbol::Always(name) => bare(typed(name)),
        Symbol::PlainType(name) => bare(format!("type {name}")),
    })
}

/// An attribute of a kind.
pub(crate) fn attribute(attribute: &Attribute) -> Told {
    let types: Vec<String> = attribute.types.iter().map(ToString::to_string).collect();
    let default = attribute.default.map(|default| format!("\n\nDefault: `{default}`")).unwrap_or_default();
    Told { code: format!("{}: {}", attribute.name, types.join(" or ")), text: format!("{}{default}", attribute.doc) }
}

fn declared(snapshot: &Snapshot, place: Span, found: &Occurrence) -> Told {
    let file = snapshot.analysis.files.get(usize::from(place.source.0));
    let outline = file.map(outline::of).unwrap_or_default();
    let declaration = outline::find(&outline, place);
    // What an expression declares for itself is in no outline.
    let what = declaration.map_or(outline::What::Variable, |declaration| declaration.what);
    let name = snapshot.slice(place);
    let code = match (&found.symbol, &found.type_) {
        (Symbol::Type(_), _) => declaration.map_or_else(String::new, |declaration| snapshot.slice(declaration.span).to_owned()),
        (_, Some(type_)) => format!("{} {name}: {type_}", what.word()),
        (_, None) => format!("{} {name}", what.word()),
    };
    Told { code, text: declaration.and_then(|declaration| declaration.doc).unwrap_or_default().to_owned() }
}
