//! Characters that could change what a terminal shows are written out.

use std::borrow::Cow;

/// Writes control characters and those that reorder text as `\u{…}`; line breaks and tabs stay.
pub(crate) fn printable(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    text.chars().fold(String::with_capacity(text.len()), |mut printed, character| {
        push(&mut printed, character);
        printed
    })
}

/// As [`printable`], for what has to stay on one line.
pub(crate) fn printable_line(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { printable(text).replace('\n', "\\n") }
}

/// Whether nothing in a text is to be written otherwise, as in nearly all.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

/// Bytes of a message that are printed whole.
const LONGEST_TEXT: usize = 800;

/// A text without the middle of what is too long to be read.
pub(crate) fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST_TEXT {
        return text.into();
    }
    let half = LONGEST_TEXT / 2;
    let (beginning, end) = (text.floor_char_boundary(half), text.ceil_char_boundary(text.len() - half));
    format!("{} … {}", text.get(..beginning).unwrap_or_default(), text.get(end..).unwrap_or_default()).into()
}

/// Text as it may stand in XML or HTML, also in the value of an attribute: printable, with its markup characters written out.
pub(crate) fn markup(text: &str) -> String {
    let printed = printable(text);
    printed.chars().fold(String::with_capacity(printed.len()), |mut written, character| {
        match character {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '"' => written.push_str("&quot;"),
            '\'' => written.push_str("&#39;"),
            // No character of XML.
            '\u{fffe}' | '\u{ffff}' => written.push('\u{fffd}'),
            _ => written.push(character),
        }
        written
    })
}

/// Adds one character in its printable form.
pub(crate) fn push(printed: &mut String, character: char) {
    if is_deceptive(character) {
        printed.extend(character.escape_unicode());
    } else {
        printed.push(character);
    }
}

/// Control characters, and what reorders or breaks lines without being seen (Unicode's `Bidi_Control` and separators).
fn is_deceptive(character: char) -> bool {
    let reorders = matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    reorders || (character.is_control() && !matches!(character, '\n' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_TEXT, cut, printable, printable_line};

    #[test]
    fn long_texts_lose_their_middle() {
        assert_eq!(cut("short"), "short");
        let long = cut(&"é".repeat(LONGEST_TEXT)).into_owned();
        assert!(long.contains("é … é") && long.len() < LONGEST_TEXT + 10, "{}", long.len());
    }

    #[test]
    fn what_deceives_is_written_out() {
        assert_eq!(printable("a\u{1b}[0m\u{202e}b\tc\nä"), "a\\u{1b}[0m\\u{202e}b\tc\nä");
        assert_eq!(printable_line("a\nb"), "a\\nb");
    }
}
