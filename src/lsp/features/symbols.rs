//! `textDocument/documentSymbol` and `workspace/symbol`: what files declare.

use super::outline::{self, Declaration, What};
use crate::snapshot::Snapshot;
use crate::types::{DocumentSymbol, Location, OneOf, SymbolKind, WorkspaceSymbol};
use std::rc::Rc;

/// No more symbols of a workspace are shown for one query.
const MOST: usize = 1_000;

/// What a document declares.
pub(crate) fn document(snapshot: &Snapshot) -> Vec<DocumentSymbol> {
    outline::of(snapshot.file()).iter().map(|declaration| symbol(snapshot, declaration)).collect()
}

fn symbol(snapshot: &Snapshot, declaration: &Declaration<'_>) -> DocumentSymbol {
    let name = declaration.name.unwrap_or_else(|| snapshot.slice(declaration.name_span));
    let doc = declaration.doc.and_then(|doc| doc.lines().next());
    let inside = declaration.inside.iter().filter(|inside| inside.what != What::Variable);
    #[expect(deprecated, reason = "a field of the protocol that has no default")]
    DocumentSymbol {
        // A name must not be empty, nor break the line.
        name: name.lines().next().filter(|name| !name.trim().is_empty()).unwrap_or(declaration.what.word()).to_owned(),
        detail: Some(doc.map_or_else(|| declaration.what.word().to_owned(), ToOwned::to_owned)),
        kind: kind(declaration.what),
        tags: None,
        deprecated: None,
        range: snapshot.range(declaration.span),
        selection_range: snapshot.range(declaration.name_span),
        children: Some(inside.map(|inside| symbol(snapshot, inside)).collect()),
    }
}

/// What a workspace declares, where the letters of `query` stand in the name, in their order.
pub(crate) fn workspace(everywhere: &[Rc<Snapshot>], query: &str) -> Vec<WorkspaceSymbol> {
    let mut found = Vec::new();
    for snapshot in everywhere {
        let outline = outline::of(snapshot.file());
        let mut left: Vec<(&Declaration<'_>, Option<&str>)> = outline.iter().rev().map(|found| (found, None)).collect();
        while let Some((declaration, around)) = left.pop() {
            let named = declaration.name.or(around);
            left.extend(declaration.inside.iter().rev().map(|inside| (inside, named)));
            let Some(name) = declaration.name.filter(|name| declaration.what != What::Variable && fits(name, query)) else {
                continue;
            };
            let location = Location { uri: snapshot.uri.clone(), range: snapshot.range(declaration.name_span) };
            found.push(WorkspaceSymbol {
                name: name.to_owned(),
                kind: kind(declaration.what),
                tags: None,
                container_name: around.map(ToOwned::to_owned),
                location: OneOf::Left(location),
                data: None,
            });
        }
    }
    found.truncate(MOST);
    found
}

fn fits(name: &str, query: &str) -> bool {
    let mut letters = name.chars().flat_map(char::to_lowercase);
    query.chars().flat_map(char::to_lowercase).all(|wanted| letters.any(|letter| letter == wanted))
}

fn kind(what: What) -> SymbolKind {
    match what {
        What::Workflow => SymbolKind::MODULE,
        What::Test => SymbolKind::METHOD,
        What::Type => SymbolKind::STRUCT,
        What::Let | What::Variable => SymbolKind::VARIABLE,
        What::Param => SymbolKind::PROPERTY,
        What::Secret => SymbolKind::KEY,
        What::Output => SymbolKind::FIELD,
        What::Step => SymbolKind::FUNCTION,
        What::Block => SymbolKind::NAMESPACE,
        What::Checkpoint => SymbolKind::CONSTANT,
        What::Handler => SymbolKind::EVENT,
    }
}
