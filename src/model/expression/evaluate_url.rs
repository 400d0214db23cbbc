//! URL texts (§12): values are percent-encoded for their place, and in the host checked.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::ops::Range;

/// Everything but what RFC 3986 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// As [`RESERVED`], for URLs whose path is one of files.
const RESERVED_IN_FILES: &AsciiSet = &RESERVED.remove(b'/');

/// Schemes whose path is one of files.
const FILES: [&str; 2] = ["sqlite:", "file:"];

/// A URL that is put together from literals and values.
#[derive(Debug, Default)]
pub(super) struct UrlText {
    text: String,
    /// Where values stand in the path.
    in_path: Vec<Range<usize>>,
}

/// The part of a URL that a value stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// `user:password@`
    User,
    Host,
    Port,
    /// Path, query or fragment.
    Behind {
        /// The path.
        path: bool,
        /// Of a URL that names files.
        files: bool,
    },
}

impl UrlText {
    /// Goes on with what the program says, or with a URL that goes in whole.
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Goes on with a value; `next` is the first delimiter in the literals that follow.
    ///
    /// # Errors
    /// What the value cannot be, without the value.
    pub(super) fn push_value(&mut self, value: &str, next: Option<char>) -> Result<(), &'static str> {
        match self.place(next) {
            Place::Host if !is_host(value) => {
                return Err("does not fit into the host of a URL (letters, digits, `.`, `-`, `_`)");
            }
            Place::Port if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Err("does not fit into the port of a URL (digits)");
            }
            Place::Host | Place::Port => self.text.push_str(value),
            Place::User => self.text.extend(utf8_percent_encode(value, RESERVED)),
            Place::Behind { path, files } => {
                let start = self.text.len();
                let set = if path && files { RESERVED_IN_FILES } else { RESERVED };
                self.text.extend(utf8_percent_encode(value, set));
                if path && !files {
                    self.in_path.push(start..self.text.len());
                }
            }
        }
        Ok(())
    }

    /// The whole text.
    ///
    /// # Errors
    /// Where a value makes a step up in the path.
    pub(super) fn finish(self) -> Result<String, &'static str> {
        let climbs = self.in_path.iter().any(|value| {
            let start = self.text.get(..value.start).and_then(|before| before.rfind('/')).map_or(0, |slash| slash + 1);
            let behind = self.text.get(value.end..).unwrap_or("");
            let end = behind.find(['/', '?', '#']).map_or(self.text.len(), |length| value.end + length);
            matches!(self.text.get(start..end), Some("." | ".."))
        });
        if climbs { Err("makes `.` or `..` of a part of the path") } else { Ok(self.text) }
    }

    fn place(&self, next: Option<char>) -> Place {
        let files = FILES.iter().any(|scheme| self.text.starts_with(scheme));
        let behind = |path| Place::Behind { path, files };
        let Some((_, after_scheme)) = self.text.split_once("://") else { return behind(!self.text.contains('?')) };
        if let Some(delimiter) = after_scheme.find(['/', '?', '#']).and_then(|at| after_scheme.get(at..)) {
            return behind(!delimiter.contains(['?', '#']));
        }
        if next == Some('@') {
            return Place::User;
        }
        let host = after_scheme.rsplit('@').next().unwrap_or(after_scheme);
        if host.contains(':') && !host.contains('[') { Place::Port } else { Place::Host }
    }
}

/// The first sign of a literal that ends a part of a URL.
pub(super) fn delimiter(literal: &str) -> Option<char> {
    literal.chars().find(|character| "/?#@".contains(*character))
}

fn is_host(value: &str) -> bool {
    !value.is_empty() && value.chars().all(|character| character.is_alphanumeric() || ".-_".contains(character))
}

#[cfg(test)]
mod tests {
    use super::{UrlText, delimiter};

    /// The URL of literals, with the values that stand behind each.
    fn url(parts: &[(&str, &str)]) -> Result<String, &'static str> {
        let mut text = UrlText::default();
        for (position, (literal, value)) in parts.iter().enumerate() {
            text.push(literal);
            let rest: String = parts.iter().skip(position + 1).map(|(literal, _)| *literal).collect();
            if !value.is_empty() || position + 1 < parts.len() {
                text.push_value(value, delimiter(&rest))?;
            }
        }
        text.finish()
    }

    #[test]
    fn values_are_encoded_for_their_place() {
        let made = |parts: &[(&str, &str)]| url(parts).expect("a URL");
        assert_eq!(made(&[("https://a.example/", "x/../y?z#é")]), "https://a.example/x%2F..%2Fy%3Fz%23%C3%A9");
        assert_eq!(made(&[("https://a.example/?q=", "a&b=c d"), ("#", "f")]), "https://a.example/?q=a%26b%3Dc%20d#f");
        assert_eq!(made(&[("https://", "eu-1"), (".example/", "a_b.c~")]), "https://eu-1.example/a_b.c~");
        assert_eq!(made(&[("postgres://me:", "p@ss/w"), ("@db:", "5432"), ("/app", "")]), "postgres://me:p%40ss%2Fw@db:5432/app");
        assert_eq!(made(&[("https://", "me"), (":", "x"), ("@host/", "")]), "https://me:x@host/");
        assert_eq!(made(&[("sqlite:", "/data/a b.db"), ("?mode=", "r/o")]), "sqlite:/data/a%20b.db?mode=r%2Fo");
    }

    #[test]
    fn hosts_and_ports_are_checked() {
        for value in ["evil.example/", "a@b", "a:1", "", "a b", "[::1]"] {
            assert!(url(&[("https://", value), (".example/", "")]).is_err(), "{value}");
        }
        assert!(url(&[("https://host:", "80/")]).is_err());
        assert!(url(&[("https://host:", "80")]).is_ok());
    }

    #[test]
    fn no_value_climbs_in_the_path() {
        for parts in [
            &[("https://a/x/", "..")][..],
            &[("https://a/", "."), ("/y", "")],
            &[("https://a/", "."), ("", ".")],
            &[("https://a/.", ".")],
        ] {
            assert!(url(parts).is_err(), "{parts:?}");
        }
        assert!(url(&[("https://a/", "..."), ("?", "..")]).is_ok());
    }
}
