//! Words and signs of other languages where a head cannot be read, and what stands there here.

use super::convert::Convert;
use super::findings::{ForeignOperator, NeedlessSign, SaidElsewhere};
use super::grammar::{Rule, read};
use wf_model::diagnostic::{Diagnostic, Finding};

/// Words that other tools write behind a step, and what they are here.
const WORDS: [(&str, &str); 8] = [
    ("needs", "depends on"),
    ("requires", "depends on"),
    ("after", "depends on"),
    ("depends_on", "depends on"),
    ("dependsOn", "depends on"),
    ("if", "when"),
    ("where", "when"),
    ("provided", "when"),
];

/// What to say of a head that cannot be read from `at` on, where another language would go on like this.
pub(super) fn habit(rule: Rule, text: &str, at: usize, convert: &Convert) -> Option<Diagnostic> {
    let rest = text.get(at..)?;
    let start = at + (rest.len() - rest.trim_start().len());
    let rest = rest.trim_start();
    word(rule, text, start, rest, convert)
        .or_else(|| operator(rule, text, start, convert))
        .or_else(|| function(text, start, rest, convert))
        .or_else(|| sign(text, start, rest, convert))
}

/// `shell "x" needs a`
fn word(rule: Rule, text: &str, start: usize, rest: &str, convert: &Convert) -> Option<Diagnostic> {
    let (written, right) = WORDS
        .into_iter()
        .find(|(theirs, _)| rest.strip_prefix(theirs).is_some_and(|behind| behind.starts_with([' ', '\t', '\n'])))?;
    let mended = format!("{}{right}{}", text.get(..start)?, rest.get(written.len()..)?);
    read(rule, &mended).is_ok().then(|| {
        let span = convert.range(start, start + written.len());
        SaidElsewhere { span, written, help: &format!("Write `{right}` instead of `{written}`."), right: Some(right) }
            .diagnostic()
    })
}

/// Operators of other languages, and what they are here.
const OPERATORS: [(&str, &str); 15] = [
    (":=", "="),
    ("==", "="),
    ("<>", "!="),
    ("=~", "matches"),
    ("~=", "matches"),
    ("is not ", "!= "),
    ("is ", "== "),
    ("eq ", "== "),
    ("-eq ", "== "),
    ("-ne ", "!= "),
    ("-lt ", "< "),
    ("-le ", "<= "),
    ("-gt ", "> "),
    ("-ge ", ">= "),
    ("then", ""),
];

/// What reads with one of our operators in the place of one of another language, which ends at `at` or spans it.
fn operator(rule: Rule, text: &str, at: usize, convert: &Convert) -> Option<Diagnostic> {
    OPERATORS.into_iter().find_map(|(theirs, ours)| {
        let stands = |start: &usize| text.get(*start..).is_some_and(|rest| rest.starts_with(theirs) || rest == theirs.trim_end());
        let start = (at.saturating_sub(theirs.len())..=at).find(stands)?;
        let end = (start + theirs.len()).min(text.len());
        let mended = format!("{}{ours}{}", text.get(..start)?, text.get(end..)?);
        let span = convert.range(start, start + theirs.trim_end().len());
        let (written, right) = (theirs.trim_end(), ours.trim_end());
        read(rule, &mended).is_ok().then(|| match right {
            "" => NeedlessSign { span, written }.diagnostic(),
            _ => ForeignOperator { span, written, right }.diagnostic(),
        })
    })
}

/// `x => x + 1`, `n++`, `a if c else b`, `2 ** 3`, `f"…"`
fn function(text: &str, start: usize, rest: &str, convert: &Convert) -> Option<Diagnostic> {
    let say = |from: usize, length: usize, written, help| {
        let span = convert.range(from, from + length);
        Some(SaidElsewhere { span, written, help, right: None }.diagnostic())
    };
    let before = text.get(..start)?.trim_end();
    let sign = start.checked_sub(1)?;
    match before.chars().next_back()? {
        '=' | '-' if rest.starts_with('>') => {
            let written = if before.ends_with('=') { "=>" } else { "->" };
            say(sign, 2, written, "Values are no functions; a list is gone through with `[x + 1 for x in list if x > 0]`.")
        }
        '+' if rest.starts_with('+') || rest.is_empty() => {
            say(sign, 1, "++", "A value is never changed: write `n + 1` where the larger one is wanted.")
        }
        '*' if rest.starts_with('*') => say(sign, 2, "**", "Write the product out: `n * n`."),
        _ if rest.starts_with("if ") && rest.contains(" else ") => say(start, 2, "if", "Write `if CONDITION then a else b`."),
        _ if rest.starts_with('"') && prefixed(before) => {
            say(sign, 1, "f\"", "Write the string without the letter: `\"…\"` takes `${…}`, `'…'` is raw.")
        }
        _ => None,
    }
}

/// Whether a text ends with a letter that other languages write before a string.
fn prefixed(text: &str) -> bool {
    let word = text.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
    matches!(word, Some("f" | "r" | "b" | "s" | "rb"))
}

/// `c ? a : b`, `string[]`, `map[string]int`, `Optional<string>`
fn sign(text: &str, start: usize, rest: &str, convert: &Convert) -> Option<Diagnostic> {
    let span = convert.range(start, start + 1);
    let say = |written, help| Some(SaidElsewhere { span, written, help, right: None }.diagnostic());
    if rest.starts_with("?:") && text.get(..start)?.contains('{') {
        return say("?", "Put the `?` behind the type of a value that may be missing: `b: string?`.");
    }
    if rest.starts_with('?') && !rest.starts_with("??") && rest.contains(':') {
        return say("?", "Write `if CONDITION then a else b`.");
    }
    let before = text.get(..start)?;
    let named = before
        .rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .map_or(before, |last| before.get(last + 1..).unwrap_or(""));
    if named.is_empty() {
        return None;
    }
    match named {
        _ if rest.starts_with("[]") => say("[]", &format!("Write a list of them as `[{named}]`.")),
        "map" | "Map" | "dict" | "Dict" | "Record" | "HashMap" if rest.starts_with(['[', '<']) => {
            say("[", "Write a map as `[string: int]`, with the type of its values behind the colon.")
        }
        "Optional" | "Option" | "Maybe" if rest.starts_with(['[', '<']) => {
            say("<", "Put a `?` behind the type of a value that may be missing: `string?`.")
        }
        _ if rest.starts_with('<') => say("<", "Write what a list holds in brackets: `[string]`."),
        _ => None,
    }
}
