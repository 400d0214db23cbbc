//! Names.

use super::convert::Convert;
use super::findings::{HyphenatedName, NameForm, ReservedWord};
use super::grammar::Rule;
use crate::ast::Name;
use pest::iterators::Pair;
use std::borrow::Cow;

/// Operators and constants.
const RESERVED: [&str; 11] = ["true", "false", "null", "and", "or", "not", "in", "as", "if", "then", "else"];

/// Attributes of other tools, which are none here in any form: the checker says what is written instead.
const ELSEWHERE: [&str; 9] = [
    "continue-on-error",
    "working-directory",
    "timeout-minutes",
    "timeout-seconds",
    "depends-on",
    "runs-on",
    "on-failure",
    "on-error",
    "max-attempts",
];

/// A name where it is used; its form is reported where it is declared.
pub(crate) fn plain_name(pair: Pair<'_, Rule>, convert: &mut Convert) -> Name {
    Name { text: pair.as_str().into(), span: convert.span(&pair) }
}

/// A name where nothing is calculated; one with a hyphen is reported.
pub(crate) fn used_name(pair: Pair<'_, Rule>, convert: &mut Convert) -> Name {
    let (written, span) = (pair.as_str(), convert.span(&pair));
    let right = if written.contains('-') { snake_case(written) } else { "".into() };
    if right.is_empty() {
        return plain_name(pair, convert);
    }
    convert.report(&HyphenatedName { span, written, right: &right, used: true });
    Name { text: (*right).into(), span }
}

/// A name where it is declared: `[a-z][a-z0-9_]*`. Another form is reported, and what it should be is taken.
pub(crate) fn declared_name(pair: Pair<'_, Rule>, convert: &mut Convert) -> Name {
    let (written, span) = (pair.as_str(), convert.span(&pair));
    let right = snake_case(written);
    if RESERVED.contains(&written) {
        convert.report(&ReservedWord { span, written });
    } else if written.contains('-') && !right.is_empty() {
        convert.report(&HyphenatedName { span, written, right: &right, used: false });
    } else if written != right {
        convert.report(&NameForm { span, written, right: &right, what: "name", rule: "lower-case letters, digits and `_`" });
    }
    // Uses of a hyphenated name read as a subtraction, uses of another form as written.
    let text = if written.contains('-') { &*right } else { written };
    Name { text: text.into(), span }
}

/// A type where it is declared: `[A-Z][A-Za-z0-9]*`.
pub(crate) fn type_name(pair: Pair<'_, Rule>, convert: &mut Convert) -> Name {
    let (written, span) = (pair.as_str(), convert.span(&pair));
    let right = camel_case(written);
    if written != right {
        convert.report(&NameForm { span, written, right: &right, what: "type", rule: "a capital, then letters and digits" });
    }
    Name { text: written.into(), span }
}

/// A field or attribute: any identifier; one with a hyphen is reported.
pub(crate) fn field_name(pair: Pair<'_, Rule>, convert: &mut Convert) -> Name {
    let (written, span) = (pair.as_str(), convert.span(&pair));
    if written.contains('-') {
        let right = written.replace('-', "_");
        if !ELSEWHERE.contains(&written) {
            convert.report(&HyphenatedName { span, written, right: &right, used: false });
        }
        return Name { text: right.as_str().into(), span };
    }
    Name { text: written.into(), span }
}

/// `myStep`, `My-step` → `my_step`
fn snake_case(written: &str) -> Cow<'_, str> {
    // A trailing `_` is fine in a name that needs no other change.
    if written.starts_with(|c: char| c.is_ascii_lowercase()) && !written.contains(|c: char| c.is_ascii_uppercase() || c == '-') {
        return Cow::Borrowed(written);
    }
    let mut right = String::new();
    let mut before = '_';
    let inside = written.trim_start_matches(|c: char| !c.is_ascii_alphabetic()).trim_end_matches(['_', '-']);
    for character in inside.chars() {
        if character.is_ascii_uppercase() && before.is_ascii_lowercase() {
            right.push('_');
        }
        right.push(if character == '-' { '_' } else { character.to_ascii_lowercase() });
        before = character;
    }
    Cow::Owned(right)
}

/// `build_info` → `BuildInfo`
fn camel_case(written: &str) -> String {
    let words = written.split('_').filter(|word| !word.is_empty());
    let capital = |word: &str| {
        let mut characters = word.chars();
        let first = characters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(characters).collect::<String>()
    };
    words.map(capital).collect()
}
