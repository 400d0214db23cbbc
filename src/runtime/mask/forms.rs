//! The forms in which a secret may appear in output.

use base64::Engine as _;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Secrets with fewer bytes are found as they stand alone: their other forms would appear everywhere by chance.
const SHORT: usize = 4;

/// Lines of a secret with fewer bytes are not secrets by themselves.
const SHORT_LINE: usize = 8;

/// Secrets with more bytes are found as they stand and line by line, their other forms only line by line.
const LONG: usize = 64 * 1024;

/// Columns after which programs break base64: `openssl` and PEM, `base64`.
const BASE64_COLUMNS: [usize; 2] = [64, 76];

/// All forms of a secret, its own among them; none is empty.
pub(super) fn of(secret: &str) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::new();
    if secret.len() >= SHORT && secret.len() <= LONG {
        encoded(secret, &mut forms);
    }
    for line in lines(secret).filter(|line| line.len() <= LONG) {
        encoded(line, &mut forms);
    }
    forms.retain(|form| form.len() >= SHORT);
    if !secret.is_empty() {
        forms.insert(secret.as_bytes().to_vec());
    }
    forms
}

/// The lines of a secret that has several, where they are long enough to be told from other text.
fn lines(secret: &str) -> impl Iterator<Item = &str> {
    let several = secret.contains(['\n', '\r']);
    secret.split(['\n', '\r']).map(str::trim).filter(move |line| several && line.len() >= SHORT_LINE)
}

fn encoded(text: &str, forms: &mut BTreeSet<Vec<u8>>) {
    let mut add = |form: String| {
        forms.insert(form.into_bytes());
    };
    add(text.to_owned());
    hexadecimal(text).into_iter().for_each(&mut add);
    percent_encoded(text).into_iter().for_each(&mut add);
    json_escaped(text).into_iter().for_each(&mut add);
    shell_quoted(text).into_iter().for_each(&mut add);
    base64(text.as_bytes()).into_iter().for_each(&mut add);
}

fn hexadecimal(text: &str) -> [String; 2] {
    let mut lower = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        push(&mut lower, format_args!("{byte:02x}"));
    }
    let upper = lower.to_uppercase();
    [lower, upper]
}

/// In both alphabets, at each of the three places that the text may have in what is encoded. The characters at both ends that
/// also depend on the text's surroundings are left out.
fn base64(bytes: &[u8]) -> Vec<String> {
    let mut forms = Vec::new();
    for alphabet in [&STANDARD, &URL_SAFE] {
        forms.extend((0..3).map(|offset| base64_at(bytes, offset, alphabet)));
    }
    for columns in BASE64_COLUMNS {
        forms.push(broken(&base64_at(bytes, 0, &STANDARD), columns));
    }
    forms
}

fn base64_at(bytes: &[u8], offset: usize, alphabet: &Alphabet) -> String {
    let mut padded = vec![0; offset];
    padded.extend_from_slice(bytes);
    let text = GeneralPurpose::new(alphabet, NO_PAD).encode(&padded);
    let (first, last) = ((offset * 8).div_ceil(6), padded.len() * 8 / 6);
    text.get(first..last).unwrap_or_default().to_owned()
}

/// An ASCII text in lines of so many columns.
fn broken(text: &str, columns: usize) -> String {
    let mut lines = String::with_capacity(text.len() + text.len() / columns);
    for (index, character) in text.chars().enumerate() {
        if index > 0 && index % columns == 0 {
            lines.push('\n');
        }
        lines.push(character);
    }
    lines
}

/// What stays as it is, besides letters and digits: RFC 3986; Python's `quote`; `encodeURIComponent`; `encodeURI`; a form.
const UNRESERVED: [&str; 5] = ["-._~", "-._~/", "-._~!*'()", "-._~!*'();/?:@&=+$,#", "-._*"];

fn percent_encoded(text: &str) -> Vec<String> {
    let both = |plus: bool, kept: &&str| [percent(text, kept, plus, true), percent(text, kept, plus, false)];
    let strict = UNRESERVED.iter().flat_map(|kept| both(false, kept));
    strict.chain(UNRESERVED.iter().flat_map(|kept| both(true, kept))).collect()
}

fn percent(text: &str, kept: &str, plus: bool, upper: bool) -> String {
    let mut form = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' if plus => form.push('+'),
            _ if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) => form.push(char::from(byte)),
            _ if upper => push(&mut form, format_args!("%{byte:02X}")),
            _ => push(&mut form, format_args!("%{byte:02x}")),
        }
    }
    form
}

/// Plain, and again within a JSON text; with all but ASCII as `\u…`; with what HTML would read as `\u…`; with `\/`.
fn json_escaped(text: &str) -> [String; 6] {
    let plain = json(text, |_| false);
    let twice = json(&plain, |_| false);
    let ascii = json(text, |character| !character.is_ascii());
    let html = json(text, |character| "<>&\u{2028}\u{2029}".contains(character));
    let both = json(text, |character| !character.is_ascii() || "<>&'".contains(character));
    let slashes = plain.replace('/', "\\/");
    [plain, twice, ascii, html, both, slashes]
}

fn json(text: &str, by_number: impl Fn(char) -> bool) -> String {
    let mut form = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => form.push_str("\\\""),
            '\\' => form.push_str("\\\\"),
            '\n' => form.push_str("\\n"),
            '\r' => form.push_str("\\r"),
            '\t' => form.push_str("\\t"),
            '\u{8}' => form.push_str("\\b"),
            '\u{c}' => form.push_str("\\f"),
            _ if character < ' ' || by_number(character) => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    push(&mut form, format_args!("\\u{unit:04x}"));
                }
            }
            _ => form.push(character),
        }
    }
    form
}

/// The inside of what shells and their `set -x` write: `'\''`, `'"'"'`, within double quotes, with backslashes, as `$'…'`.
fn shell_quoted(text: &str) -> [String; 6] {
    let single = text.replace('\'', r"'\''");
    let double = text.replace('\'', r#"'"'"'"#);
    let within = escaped(text, |character| "\"\\$`".contains(character));
    let history = escaped(text, |character| "\"\\$`!".contains(character));
    let word =
        escaped(text, |character| character.is_ascii() && !character.is_ascii_alphanumeric() && !"_-./:@%+=".contains(character));
    [single, double, within, history, word, dollar_quoted(text)]
}

fn escaped(text: &str, special: impl Fn(char) -> bool) -> String {
    let mut form = String::with_capacity(text.len());
    for character in text.chars() {
        if special(character) {
            form.push('\\');
        }
        form.push(character);
    }
    form
}

fn dollar_quoted(text: &str) -> String {
    let mut form = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => form.push_str("\\\\"),
            '\'' => form.push_str("\\'"),
            '\n' => form.push_str("\\n"),
            '\r' => form.push_str("\\r"),
            '\t' => form.push_str("\\t"),
            _ if character.is_control() => {
                for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                    push(&mut form, format_args!("\\{byte:03o}"));
                }
            }
            _ => form.push(character),
        }
    }
    form
}

fn push(form: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = form.write_fmt(arguments);
}
