//! `textDocument/semanticTokens`: what each word is, as the check understood it, and the words of the language besides.

use super::{outline, tokens, words};
use crate::snapshot::{OWN, Snapshot};
use crate::types::{Range, SemanticToken, SemanticTokenModifier, SemanticTokenType, SemanticTokensLegend};
use outline::{Declaration, What};
use std::collections::HashMap;
use wf_compiler::index::{Occurrence, Symbol};
use wf_model::span::Span;
use wf_syntax::scan::{Token, TokenKind};

/// The classes, by their numbers in the protocol.
const CLASSES: [SemanticTokenType; 13] = [
    SemanticTokenType::KEYWORD,
    SemanticTokenType::COMMENT,
    SemanticTokenType::STRING,
    SemanticTokenType::NUMBER,
    SemanticTokenType::VARIABLE,
    SemanticTokenType::PARAMETER,
    SemanticTokenType::PROPERTY,
    SemanticTokenType::FUNCTION,
    SemanticTokenType::METHOD,
    SemanticTokenType::TYPE,
    SemanticTokenType::NAMESPACE,
    SemanticTokenType::CLASS,
    SemanticTokenType::EVENT,
];

const MODIFIERS: [SemanticTokenModifier; 3] =
    [SemanticTokenModifier::DECLARATION, SemanticTokenModifier::DOCUMENTATION, SemanticTokenModifier::DEFAULT_LIBRARY];

/// The names of classes and modifiers.
pub(crate) fn legend() -> SemanticTokensLegend {
    SemanticTokensLegend { token_types: CLASSES.to_vec(), token_modifiers: MODIFIERS.to_vec() }
}

/// A piece of a line and what it is.
struct Piece {
    span: Span,
    class: SemanticTokenType,
    modifier: Option<SemanticTokenModifier>,
}

/// The pieces of a document, or of a range of it, in the form of the protocol.
pub(crate) fn document(snapshot: &Snapshot, range: Option<Range>) -> Vec<SemanticToken> {
    let mut pieces = pieces(snapshot);
    pieces.sort_by_key(|piece| piece.span);
    let mut last = crate::types::Position::default();
    let mut encoded = Vec::with_capacity(pieces.len());
    for line in pieces.iter().flat_map(|piece| lines(snapshot, piece)) {
        let Range { start, end } = snapshot.range(line.span);
        if range.is_some_and(|range| end < range.start || range.end < start) || start == end {
            continue;
        }
        let delta_line = start.line - last.line;
        let delta_start = if delta_line == 0 { start.character.saturating_sub(last.character) } else { start.character };
        encoded.push(SemanticToken {
            delta_line,
            delta_start,
            length: end.character - start.character,
            token_type: number(&CLASSES, &line.class),
            token_modifiers_bitset: line.modifier.as_ref().map_or(0, |modifier| 1 << number(&MODIFIERS, modifier)),
        });
        last = start;
    }
    encoded
}

fn number<T: PartialEq>(all: &[T], one: &T) -> u32 {
    all.iter().position(|known| known == one).and_then(|place| u32::try_from(place).ok()).unwrap_or_default()
}

/// A piece line by line: not every client takes those that go on behind the end of one.
fn lines(snapshot: &Snapshot, piece: &Piece) -> Vec<Piece> {
    let mut start = piece.span.start as usize;
    let lines = snapshot.slice(piece.span).split_inclusive('\n').map(|line| {
        let span = Span::new(OWN, start, start + line.trim_end_matches(['\n', '\r']).len());
        start += line.len();
        Piece { span, class: piece.class.clone(), modifier: piece.modifier.clone() }
    });
    lines.collect()
}

fn pieces(snapshot: &Snapshot) -> Vec<Piece> {
    let known = snapshot.analysis.index.in_source(OWN);
    let outlines: Vec<_> = snapshot.analysis.files.iter().map(outline::of).collect();
    let mut whats = HashMap::new();
    outlines.iter().for_each(|outline| collect(outline, &mut whats));
    let scan = tokens::scanned(snapshot);
    let mut pieces: Vec<Piece> = known.iter().map(|found| named(found, &whats)).collect();
    for (place, token) in scan.tokens.iter().enumerate() {
        let inside = known.partition_point(|found| found.span < token.span.before());
        let names = known.get(inside..).unwrap_or_default().iter().take_while(|found| found.span.start < token.span.end);
        let names: Vec<Span> = names.map(|found| found.span).collect();
        if let Some((class, modifier)) = class(snapshot, token, scan.tokens.get(place + 1..).unwrap_or_default()) {
            let piece = |span| Piece { span, class: class.clone(), modifier: modifier.clone() };
            pieces.extend(beside(token.span, &names).into_iter().map(piece));
        }
    }
    pieces
}

fn collect(outline: &[Declaration<'_>], whats: &mut HashMap<Span, What>) {
    for declaration in outline {
        whats.insert(declaration.name_span, declaration.what);
        collect(&declaration.inside, whats);
    }
}

/// What is left of a span without those inside it.
fn beside(span: Span, inside: &[Span]) -> Vec<Span> {
    let mut left = Vec::new();
    let mut start = span.start;
    for inner in inside {
        left.push(Span { start, end: inner.start.max(start), ..span });
        start = inner.end.max(start);
    }
    left.push(Span { start, end: span.end.max(start), ..span });
    left.retain(|piece| piece.length() > 0);
    left
}

/// What a token is whose meaning nobody knows.
fn class(snapshot: &Snapshot, token: &Token, behind: &[Token]) -> Option<(SemanticTokenType, Option<SemanticTokenModifier>)> {
    Some(match token.kind {
        TokenKind::Comment => (SemanticTokenType::COMMENT, None),
        TokenKind::Doc => (SemanticTokenType::COMMENT, Some(SemanticTokenModifier::DOCUMENTATION)),
        // A block holds the code of another language, which the grammar of the editor colours.
        TokenKind::Text if is_block(snapshot.slice(token.span)) => return None,
        TokenKind::Text => (SemanticTokenType::STRING, None),
        TokenKind::Number => (SemanticTokenType::NUMBER, None),
        TokenKind::Word if behind.first().is_some_and(|next| snapshot.slice(next.span) == ":") => {
            (SemanticTokenType::PROPERTY, None)
        }
        TokenKind::Word if words::is_keyword(snapshot.slice(token.span)) => (SemanticTokenType::KEYWORD, None),
        TokenKind::Word | TokenKind::Blank | TokenKind::LineBreak | TokenKind::Sign | TokenKind::Stray => return None,
    })
}

/// Whether a text is one of several lines.
fn is_block(text: &str) -> bool {
    text.starts_with("\"\"\"") || text.starts_with("'''")
}

/// What a name is that means something.
fn named(found: &Occurrence, whats: &HashMap<Span, What>) -> Piece {
    let class = match &found.symbol {
        Symbol::Value(place) if whats.get(place) == Some(&What::Param) => SemanticTokenType::PARAMETER,
        Symbol::Value(place) if whats.get(place).is_some_and(|what| matches!(what, What::Step | What::Block)) => {
            SemanticTokenType::FUNCTION
        }
        Symbol::Value(_) | Symbol::Always(_) => SemanticTokenType::VARIABLE,
        Symbol::Workflow(_) | Symbol::Kind(_) => SemanticTokenType::CLASS,
        Symbol::Type(_) | Symbol::PlainType(_) => SemanticTokenType::TYPE,
        Symbol::Module(_) => SemanticTokenType::NAMESPACE,
        Symbol::Output(_) | Symbol::Attribute { .. } | Symbol::Field(_) => SemanticTokenType::PROPERTY,
        Symbol::Checkpoint(_) => SemanticTokenType::EVENT,
        Symbol::Function(_) => SemanticTokenType::FUNCTION,
        Symbol::Method(_) => SemanticTokenType::METHOD,
    };
    let of_language = matches!(
        found.symbol,
        Symbol::Kind(_) | Symbol::PlainType(_) | Symbol::Function(_) | Symbol::Method(_) | Symbol::Always(_)
    );
    let modifier = match (found.declares, of_language) {
        (true, _) => Some(SemanticTokenModifier::DECLARATION),
        (false, true) => Some(SemanticTokenModifier::DEFAULT_LIBRARY),
        (false, false) => None,
    };
    Piece { span: found.span, class, modifier }
}
