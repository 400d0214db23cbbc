//! Programs with one thing changed.

use super::program::program;
use super::{compiled, covers, holds_for_tapes, is_error, line_at};
use wf_compiler::Compilation;
use wf_model::diagnostic::{Diagnostic, Edit, Fix};
use wf_model::span::{SourceId, Span};
use wf_syntax::scan::TokenKind;

/// What may stand anywhere by mistake.
const STRAY: [&str; 16] = ["\"", "'", "{", "}", "(", ")", "[", "${", "\n", "#", "\"\"\"", "\\", "ä", "\u{202e}", "\0", "- "];

/// A text with one of its pieces gone, doubled, swapped with another one, replaced by one, with one before it, with a character
/// gone, or something stray in it.
fn mutated(text: &str, change: [u16; 3]) -> String {
    let tokens = wf_syntax::scan::scan(SourceId(0), text).tokens;
    let significant: Vec<usize> = tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| !matches!(token.kind, TokenKind::Blank | TokenKind::Comment | TokenKind::Doc))
        .map(|(place, _)| place)
        .collect();
    if significant.is_empty() {
        return text.to_owned();
    }
    let [place, other, how] = change.map(usize::from);
    let mut pieces: Vec<&str> = tokens.iter().map(|token| text.get(token.span.range()).unwrap_or_default()).collect();
    let (place, other_place) = (significant[place % significant.len()], significant[other % significant.len()]);
    match how % 8 {
        0 => pieces[place] = "",
        1 => pieces.insert(place, pieces[place]),
        2 => pieces.swap(place, other_place),
        3 => pieces[place] = pieces[other_place],
        4 => pieces.insert(place, pieces[other_place]),
        5 => pieces.insert(place, STRAY[other % STRAY.len()]),
        _ => {
            let mut characters = pieces[place].chars();
            if how % 2 == 0 {
                characters.next()
            } else {
                characters.next_back()
            };
            pieces[place] = characters.as_str();
        }
    }
    pieces.concat()
}

/// A program with one thing changed, as a tape decides, and its library.
fn mutation(numbers: &[u16]) -> (String, String) {
    let (change, numbers) = numbers.split_at(numbers.len().min(3));
    let change = [0, 1, 2].map(|place| change.get(place).copied().unwrap_or(0));
    let generated = program(numbers);
    (mutated(&generated.text, change), generated.library)
}

/// All places that a diagnostic and its fix name stand in the text.
fn points_into(text: &str, compilation: &Compilation, found: &Diagnostic) {
    let edits = found.fix.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span);
    let others = found.labels.iter().map(|label| label.span);
    for span in std::iter::once(found.primary.span).chain(others).chain(edits) {
        let source = compilation.sources.get(span.source).map_or("", |source| &*source.text);
        assert!(source.get(span.range()).is_some(), "{found:?}\n{text}");
    }
}

#[test]
fn a_mutated_program_compiles_or_says_what_is_wrong() {
    holds_for_tapes(250, |numbers| {
        let (text, library) = mutation(numbers);
        covers(&text);
        let compilation = compiled("/p", &text, &library);
        let errors = compilation.diagnostics.iter().filter(|found| is_error(found)).count();
        assert_eq!(compilation.program.is_some(), errors == 0, "{text}");
        compilation.diagnostics.iter().for_each(|found| points_into(&text, &compilation, found));
        if let Ok(once) = wf_syntax::format(&text) {
            assert_eq!(wf_syntax::format(&once).as_ref(), Ok(&once), "{text}");
        }
    });
}

/// A text with a fix applied.
fn with(text: &str, fix: &Fix) -> String {
    let mut edits: Vec<(Span, &str)> = fix.edits.iter().map(|edit| (edit.span, edit.replacement.as_str())).collect();
    edits.sort_by_key(|(span, _)| (span.start, span.end));
    let mut mended = text.to_owned();
    for (span, replacement) in edits.into_iter().rev() {
        mended.replace_range(span.range(), replacement);
    }
    mended
}

/// Where what begins at an offset begins once a fix is applied.
fn shifted(offset: u32, fix: &Fix) -> i64 {
    let before = fix.edits.iter().filter(|edit| edit.span.end <= offset && edit.span.start < offset);
    let grown = |edit: &Edit| edit.replacement.len() as i64 - i64::from(edit.span.end - edit.span.start);
    i64::from(offset) + before.map(grown).sum::<i64>()
}

/// How many findings say the same.
fn count(all: &[Diagnostic], found: &Diagnostic) -> usize {
    all.iter().filter(|other| (other.slug, &other.message) == (found.slug, &found.message)).count()
}

#[test]
fn a_fix_mends_what_it_stands_beside() {
    holds_for_tapes(100, |numbers| {
        // Two pieces that are swapped are two mistakes, and nobody knows what surely mends both.
        if numbers.get(2).is_some_and(|how| how % 8 == 2) {
            return;
        }
        let (text, library) = mutation(numbers);
        let before = compiled("/p", &text, &library).diagnostics;
        for found in &before {
            // What is wrong in the library was so before.
            let Some(fix) = found.fix.as_ref().filter(|fix| fix.edits.iter().all(|edit| edit.span.source == SourceId(0))) else {
                continue;
            };
            let mended = with(&text, fix);
            let at = shifted(found.primary.span.start, fix);
            let same = |other: &Diagnostic| {
                let place = (mended.get(other.primary.span.range()), i64::from(other.primary.span.start));
                (other.slug, &other.message) == (found.slug, &found.message)
                    && place == (text.get(found.primary.span.range()), at)
            };
            let after = compiled("/p", &mended, &library).diagnostics;
            // Of two brackets side by side the second one takes the place of the first; of two bodies that are not closed one is left.
            let range = found.primary.span.range();
            let doubled = text.get(range.end..).zip(text.get(range)).is_some_and(|(rest, own)| rest.starts_with(own));
            let stays = !doubled && after.iter().any(same) && count(&after, found) >= count(&before, found);
            let line = |text: &str| line_at(text, found.primary.span.range().start).to_owned();
            assert!(
                !stays,
                "{}: {} in `{}`, {}, gives `{}`\n{text}\n{fix:#?}",
                found.slug,
                found.message,
                line(&text),
                fix.title,
                line(&mended)
            );
        }
    });
}
