//! Quotes and comments, in which a semicolon ends nothing.

use super::dialect::Dialect;

/// What is open around a place of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Region {
    /// In quotes, where a backslash may take the next character along.
    Quotes {
        /// What ends it.
        end: char,
        /// Whether a backslash does.
        backslash: bool,
    },
    /// `$tag$ … $tag$`
    Dollars(String),
    /// To the end of the line.
    Line,
    /// `/* … */`, as many deep.
    Block(usize),
}

impl Region {
    /// The region that begins here, and how many bytes its beginning takes. `before` is the character before it.
    pub(super) fn begin(rest: &str, before: Option<char>, dialect: Dialect) -> Option<(Self, usize)> {
        let first = rest.chars().next()?;
        let postgres_escapes = dialect == Dialect::Postgres && matches!(before, Some('e' | 'E'));
        match first {
            '\'' => Some((Self::Quotes { end: first, backslash: dialect == Dialect::MySql || postgres_escapes }, 1)),
            '"' => Some((Self::Quotes { end: first, backslash: dialect == Dialect::MySql }, 1)),
            '`' if dialect != Dialect::Postgres => Some((Self::Quotes { end: first, backslash: false }, 1)),
            '[' if dialect == Dialect::Sqlite => Some((Self::Quotes { end: ']', backslash: false }, 1)),
            '#' if dialect == Dialect::MySql => Some((Self::Line, 1)),
            '-' if is_line(rest, dialect) => Some((Self::Line, 2)),
            '/' if rest.starts_with("/*") => Some((Self::Block(1), 2)),
            '$' if dialect == Dialect::Postgres && !before.is_some_and(is_word) => dollars(rest),
            _ => None,
        }
    }

    /// Whether nobody but readers sees what is in it.
    pub(super) fn is_comment(&self) -> bool {
        matches!(self, Self::Line | Self::Block(_))
    }

    /// Goes on in the region: how many bytes, and what is open behind them.
    pub(super) fn inside(self, rest: &str, dialect: Dialect) -> (usize, Option<Self>) {
        match self {
            Self::Line => rest.find('\n').map_or((rest.len(), Some(Self::Line)), |at| (at + 1, None)),
            Self::Dollars(tag) => match rest.find(&tag) {
                Some(at) => (at + tag.len(), None),
                None => (rest.len(), Some(Self::Dollars(tag))),
            },
            Self::Quotes { end, backslash } => match rest.find(|sign| sign == end || backslash && sign == '\\') {
                None => (rest.len(), Some(self)),
                // A doubled quote is an end and a new beginning, which comes to the same.
                Some(at) if rest.get(at..).is_some_and(|found| found.starts_with(end)) => (at + end.len_utf8(), None),
                Some(at) => {
                    let taken = rest.get(at + 1..).and_then(|behind| behind.chars().next()).map_or(0, char::len_utf8);
                    (at + 1 + taken, Some(self))
                }
            },
            Self::Block(depth) => match rest.find(['*', '/']) {
                None => (rest.len(), Some(self)),
                Some(at) if rest.get(at..).is_some_and(|found| found.starts_with("*/")) => {
                    (at + 2, depth.checked_sub(1).filter(|left| *left > 0).map(Self::Block))
                }
                Some(at) if dialect == Dialect::Postgres && rest.get(at..).is_some_and(|found| found.starts_with("/*")) => {
                    (at + 2, Some(Self::Block(depth + 1)))
                }
                Some(at) => (at + 1, Some(self)),
            },
        }
    }
}

/// Whether `--` begins a comment: in MySQL a blank has to follow.
fn is_line(rest: &str, dialect: Dialect) -> bool {
    let Some(behind) = rest.strip_prefix("--") else { return false };
    dialect != Dialect::MySql || behind.chars().next().is_none_or(char::is_whitespace)
}

fn dollars(rest: &str) -> Option<(Region, usize)> {
    let behind = rest.get(1..)?;
    let length = behind.find(|sign| !is_word(sign))?;
    let closed = behind.get(length..)?.starts_with('$');
    let tag = rest.get(..length + 2).filter(|_| closed && !behind.starts_with(|sign: char| sign.is_ascii_digit()))?;
    Some((Region::Dollars(tag.to_owned()), tag.len()))
}

pub(super) fn is_word(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_'
}
