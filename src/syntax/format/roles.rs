//! What each piece of a head is to its neighbours, and so where blanks stand.

use super::pieces::Piece;
use crate::scan::TokenKind;

/// Words behind which a number may have a sign.
const KEYWORDS: [&str; 17] = [
    "when", "where", "until", "with", "timeout", "pause", "backoff", "to", "within", "max", "estimate", "lock", "key", "expect",
    "after", "gives", "retry",
];

/// Words that are never names.
const RESERVED: [&str; 11] = ["true", "false", "null", "and", "or", "not", "in", "as", "if", "then", "else"];

/// What a piece is to its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A name, keyword or literal.
    Operand,
    /// An operator with an operand on both sides, or a word of that sort.
    Operator,
    /// `-` of a negative number.
    Prefix,
    /// A bracket that begins a value.
    Open,
    /// A bracket that follows what it is about: a call or an index.
    OpenBehind,
    /// A closing bracket.
    Close,
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// `.`, `?.`
    Dot,
    /// `..`
    Range,
    /// `?` of a type, `%` of a number.
    Suffix,
}

impl Role {
    /// Whether a value ends with it.
    pub(super) fn ends_operand(self) -> bool {
        match self {
            Self::Operand | Self::Close | Self::Suffix => true,
            Self::Operator
            | Self::Prefix
            | Self::Open
            | Self::OpenBehind
            | Self::Comma
            | Self::Colon
            | Self::Dot
            | Self::Range => false,
        }
    }

    /// Whether it is an opening bracket.
    pub(super) fn opens(self) -> bool {
        matches!(self, Self::Open | Self::OpenBehind)
    }
}

/// The role of each piece of a head.
pub(super) fn roles(pieces: &[Piece<'_>]) -> Vec<Role> {
    let mut roles: Vec<Role> = Vec::with_capacity(pieces.len());
    for (place, piece) in pieces.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| pieces.get(before).zip(roles.get(before).copied()));
        let next = pieces.get(place + 1);
        roles.push(match piece.kind {
            TokenKind::Word => word(piece, before.map(|(_, role)| role), next),
            TokenKind::Sign => sign(piece, before, next, pieces.first().is_some_and(|first| first.is_word("use"))),
            _ => Role::Operand,
        });
    }
    roles
}

fn word(piece: &Piece<'_>, before: Option<Role>, next: Option<&Piece<'_>>) -> Role {
    if before == Some(Role::Dot) || next.is_some_and(|next| next.is(":")) {
        return Role::Operand;
    }
    match piece.text {
        "and" | "or" | "not" | "in" | "as" | "if" | "then" | "else" => Role::Operator,
        "contains" | "matches" if before.is_some_and(Role::ends_operand) && next.is_some_and(begins_operand) => Role::Operator,
        _ => Role::Operand,
    }
}

/// Whether an operand can begin with the piece, so that `contains` before it is no name.
pub(super) fn begins_operand(piece: &Piece<'_>) -> bool {
    match piece.kind {
        TokenKind::Sign => piece.opens() || piece.is("-") || piece.is("!"),
        TokenKind::Word => !RESERVED.contains(&piece.text) || matches!(piece.text, "true" | "false" | "null" | "not"),
        _ => true,
    }
}

fn sign(piece: &Piece<'_>, before: Option<(&Piece<'_>, Role)>, next: Option<&Piece<'_>>, use_: bool) -> Role {
    let behind_operand = !piece.begins_part && before.is_some_and(|(_, role)| role.ends_operand());
    // Where `contains` stands behind a keyword, only the grammar knows whether it is a name.
    let behind_name = behind_operand || before.is_some_and(|(before, _)| matches!(before.text, "contains" | "matches"));
    match piece.text {
        "(" | "[" | "{" if behind_name && piece.gap.nothing && !use_ => Role::OpenBehind,
        "(" | "[" | "{" => Role::Open,
        ")" | "]" | "}" => Role::Close,
        "," => Role::Comma,
        ":" => Role::Colon,
        "." | "?." => Role::Dot,
        ".." => Role::Range,
        "?" => Role::Suffix,
        "%" if piece.gap.nothing && is_percent(before, next) => Role::Suffix,
        "-" | "!" if !behind_operand || has_sign(piece, before, next) => Role::Prefix,
        _ => Role::Operator,
    }
}

/// Whether the `%` between these makes a number a percentage: as the grammar has it, the number has no unit and no operand touches
/// the sign.
fn is_percent(before: Option<(&Piece<'_>, Role)>, next: Option<&Piece<'_>>) -> bool {
    let operand = |next: &Piece<'_>| match next.kind {
        TokenKind::Sign => next.is("("),
        TokenKind::Word => !RESERVED.contains(&next.text),
        _ => true,
    };
    let plain = |text: &str| text.chars().all(|sign| sign.is_ascii_digit() || matches!(sign, '.' | '_'));
    before.is_some_and(|(before, _)| before.kind == TokenKind::Number && plain(before.text))
        && !next.is_some_and(|next| next.gap.nothing && operand(next))
}

/// Whether a `-` behind a keyword is a number's sign.
fn has_sign(piece: &Piece<'_>, before: Option<(&Piece<'_>, Role)>, next: Option<&Piece<'_>>) -> bool {
    !piece.gap.nothing
        && before.is_some_and(|(before, _)| before.kind == TokenKind::Word && KEYWORDS.contains(&before.text))
        && next.is_some_and(|next| next.gap.nothing)
}

/// Whether a blank stands between two pieces on a line.
pub(super) fn apart(before: (&Piece<'_>, Role), piece: (&Piece<'_>, Role)) -> bool {
    match (before.1, piece.1) {
        (_, Role::Comma | Role::Colon | Role::Suffix | Role::OpenBehind) => false,
        (Role::Open | Role::OpenBehind, Role::Close) => false,
        (_, Role::Close) => piece.0.is("}"),
        (Role::Open | Role::OpenBehind, _) => before.0.is("{"),
        // `T? .field`: together they would be `?.`.
        (_, Role::Dot | Role::Range) => before.0.is("?"),
        (Role::Prefix | Role::Dot | Role::Range, _) => false,
        _ => true,
    }
}
