//! What separates the elements of brackets, and which brackets take several lines.

use super::pieces::{Gap, Piece};
use super::roles::{Role, begins_operand, roles};
use crate::scan::TokenKind;

/// A piece with what its layout hangs on.
pub(super) struct Laid<'a> {
    pub(super) piece: Piece<'a>,
    pub(super) role: Role,
    pub(super) separated: Separated,
    /// Whether it is a bracket that takes several lines.
    pub(super) long: bool,
}

/// What stood between the element before and the one that a piece begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separated {
    /// The piece begins no element.
    No,
    /// A comma, which a line break can stand for.
    Comma,
    /// A comma, which stays: a line that begins like this could be read as going on.
    NeededComma,
    /// A line break, which a comma can stand for.
    Break,
    /// A line break before `-`, which stays as it is.
    Line,
}

/// A bracket that is open.
struct Open {
    /// Whether it is `[`.
    list: bool,
    /// Whether `for` of a comprehension stood in it: what follows it is no element.
    comprehension: bool,
}

/// Takes the commas out that separate elements, and finds out what separates the others.
pub(super) fn lay(pieces: Vec<Piece<'_>>) -> Vec<Laid<'_>> {
    let roles = roles(&pieces);
    let separated = separations(&pieces, &roles);
    let mut laid: Vec<Laid<'_>> = Vec::with_capacity(pieces.len());
    let mut comma: Option<Gap<'_>> = None;
    for ((mut piece, role), separated) in pieces.into_iter().zip(roles).zip(separated) {
        let Some(separated) = separated else {
            comma = Some(comma.map_or(piece.gap.clone(), |before| before.joined(piece.gap)));
            continue;
        };
        if let Some(before) = comma.take() {
            piece.gap = before.joined(piece.gap);
        }
        laid.push(Laid { piece, role, separated, long: false });
    }
    mark_long(&mut laid);
    laid
}

/// For each piece what separates it; nothing for a comma that separates.
fn separations(pieces: &[Piece<'_>], roles: &[Role]) -> Vec<Option<Separated>> {
    let mut open: Vec<Open> = Vec::new();
    let mut all = Vec::with_capacity(pieces.len());
    let mut before: Option<Role> = None;
    let mut behind_comma = false;
    for (place, (piece, role)) in pieces.iter().zip(roles.iter().copied()).enumerate() {
        let rest = pieces.get(place..).unwrap_or_default();
        if role == Role::Close {
            open.pop();
        }
        let separated = match open.last_mut() {
            None => Some(Separated::No),
            Some(_) if role == Role::Close => Some(Separated::No),
            Some(open) => {
                let ends = before.is_some_and(Role::ends_operand);
                open.comprehension |= ends && open.list && begins_comprehension(rest);
                inside(rest, role, ends, behind_comma, open.comprehension)
            }
        };
        behind_comma = separated.is_none();
        all.push(separated);
        if role.opens() {
            open.push(Open { list: piece.is("["), comprehension: false });
        }
        before = Some(role);
    }
    all
}

/// What separates the piece that begins `rest` and stands in a bracket; nothing where it is a comma that separates.
fn inside(rest: &[Piece<'_>], role: Role, ends: bool, behind_comma: bool, comprehension: bool) -> Option<Separated> {
    let piece = rest.first()?;
    if role == Role::Comma {
        let last = rest.get(1).is_some_and(Piece::closes);
        return (comprehension && !last).then_some(Separated::No);
    }
    let goes_on = comprehension || goes_on(rest);
    // A name that is an operator elsewhere, and is one as soon as an operand follows it.
    let like_operator = (piece.is_word("contains") || piece.is_word("matches")) && !rest.get(1).is_some_and(|next| next.is(":"));
    Some(match (behind_comma, ends && piece.begins_line()) {
        (true, _) if piece.is("-") || goes_on || like_operator => Separated::NeededComma,
        (true, _) => Separated::Comma,
        (false, true) if piece.is("-") => Separated::Line,
        (false, true) if !goes_on && like_operator => Separated::NeededComma,
        (false, true) if !goes_on => Separated::Break,
        _ => Separated::No,
    })
}

/// Whether a line that begins with `rest` goes on with the element above it.
fn goes_on(rest: &[Piece<'_>]) -> bool {
    let Some(piece) = rest.first() else { return false };
    let next = rest.get(1);
    match piece.kind {
        TokenKind::Sign => !piece.opens() && !piece.is("-") && !piece.is("!"),
        TokenKind::Word if next.is_some_and(|next| next.is(":")) => false,
        TokenKind::Word => match piece.text {
            "and" | "or" | "in" | "as" | "then" | "else" => true,
            "contains" | "matches" => next.is_some_and(begins_operand),
            "not" => next.is_some_and(|next| next.is_word("in")),
            _ => false,
        },
        _ => false,
    }
}

/// `for x in`, `for i, x in`
fn begins_comprehension(rest: &[Piece<'_>]) -> bool {
    let is = |place: usize, test: &dyn Fn(&Piece<'_>) -> bool| rest.get(place).is_some_and(test);
    is(0, &|piece| piece.is_word("for"))
        && is(1, &|piece| piece.kind == TokenKind::Word)
        && (is(2, &|piece| piece.is_word("in")) || is(2, &|piece| piece.is(",")) && is(4, &|piece| piece.is_word("in")))
}

/// Finds the brackets with a break behind them, or with a comment right in them.
fn mark_long(laid: &mut [Laid<'_>]) {
    let mut open: Vec<usize> = Vec::new();
    for place in 0..laid.len() {
        let Some(Laid { piece, role, .. }) = laid.get(place) else { return };
        let (role, commented) = (*role, !piece.gap.comments.is_empty());
        let behind_bracket = piece.gap.breaks > 0 && role != Role::Close && open.last().is_some_and(|open| open + 1 == place);
        if (commented || behind_bracket)
            && let Some(bracket) = open.last().and_then(|open| laid.get_mut(*open))
        {
            bracket.long = true;
        }
        if role.opens() {
            open.push(place);
        } else if role == Role::Close {
            open.pop();
        }
    }
}
