//! A pattern for one name: `*`, `?` and `[…]`, by characters. (`globset` matches bytes, so `?` would not fit `é`.)

/// What one name has to look like; its syntax was checked.
#[derive(Clone, Debug)]
pub(super) struct NamePattern {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    /// `*`
    Any,
    /// `?`
    One,
    Character(char),
    /// `[a-z]`, `[!a-z]`
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Piece {
    fn takes(&self, character: char) -> bool {
        match self {
            Self::Any | Self::One => true,
            Self::Character(own) => *own == character,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(first, last)| (*first..=*last).contains(&character)) != *negated
            }
        }
    }
}

impl NamePattern {
    /// Reads a pattern without slashes and braces.
    pub(super) fn new(pattern: &str) -> Self {
        let mut pieces = Vec::new();
        let mut characters = pattern.chars().peekable();
        while let Some(character) = characters.next() {
            pieces.push(match character {
                '*' => Piece::Any,
                '?' => Piece::One,
                '[' => class(&mut characters),
                '\\' => Piece::Character(characters.next().unwrap_or('\\')),
                _ => Piece::Character(character),
            });
        }
        Self { pieces }
    }

    /// Whether a name fits. Goes back to the last `*` only, so the time is at most the product of both lengths.
    pub(super) fn fits(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let (mut piece, mut at) = (0, 0);
        let mut back: Option<(usize, usize)> = None;
        while at < name.len() || piece < self.pieces.len() {
            match (self.pieces.get(piece), name.get(at)) {
                (Some(Piece::Any), _) => {
                    back = Some((piece, at));
                    piece += 1;
                }
                (Some(own), Some(character)) if own.takes(*character) => (piece, at) = (piece + 1, at + 1),
                _ => {
                    let Some((star, taken)) = back.filter(|(_, taken)| *taken < name.len()) else { return false };
                    back = Some((star, taken + 1));
                    (piece, at) = (star + 1, taken + 1);
                }
            }
        }
        true
    }
}

/// Reads a class behind its `[`; a `]` that comes first stands for itself.
fn class(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Piece {
    let negated = characters.next_if(|next| matches!(next, '!' | '^')).is_some();
    let mut ranges = Vec::new();
    while let Some(first) = characters.next() {
        if first == ']' && !ranges.is_empty() {
            break;
        }
        let mut ahead = characters.clone();
        let last = ahead.next().filter(|dash| *dash == '-').and_then(|_| ahead.next()).filter(|last| *last != ']');
        if last.is_some() {
            *characters = ahead;
        }
        ranges.push((first, last.unwrap_or(first)));
    }
    Piece::Class { negated, ranges }
}

#[cfg(test)]
mod tests {
    use super::NamePattern;

    #[test]
    fn a_pattern_goes_by_characters() {
        for (pattern, fitting, others) in [
            ("*", &["", "a", "é"][..], &[][..]),
            ("a*b*c", &["abc", "axbxc", "abbcc"], &["ab", "abcd"]),
            ("?.csv", &["a.csv", "é.csv"], &[".csv", "ab.csv"]),
            ("[a-c]x", &["ax", "cx"], &["dx", "x"]),
            ("[!a-c]", &["d", "é"], &["a", ""]),
            ("[]-]", &["]", "-"], &["a"]),
            ("\\*", &["*"], &["a"]),
            ("é*", &["é", "éa"], &["e"]),
        ] {
            let read = NamePattern::new(pattern);
            assert!(fitting.iter().all(|name| read.fits(name)), "{pattern}");
            assert!(!others.iter().any(|name| read.fits(name)), "{pattern}");
        }
        let slow = NamePattern::new(&"*a".repeat(200));
        assert!(!slow.fits(&"a".repeat(199)));
    }
}
