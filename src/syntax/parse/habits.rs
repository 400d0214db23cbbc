//! Words and signs of other languages where a head cannot be read, and what stands there here.

use super::convert::Convert;
use super::findings::SaidElsewhere;
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
    word(rule, text, start, rest, convert).or_else(|| sign(text, start, rest, convert))
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

/// `c ? a : b`, `string[]`, `map[string]int`, `Optional<string>`
fn sign(text: &str, start: usize, rest: &str, convert: &Convert) -> Option<Diagnostic> {
    let span = convert.range(start, start + 1);
    let say = |written, help| Some(SaidElsewhere { span, written, help, right: None }.diagnostic());
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
