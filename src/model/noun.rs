//! Nouns in sentences.

use std::fmt::Display;

/// The noun with its article: `an int`, `a string`; `null` has none.
pub fn with_article(noun: impl Display) -> String {
    let noun = noun.to_string();
    match noun.trim_start_matches(['`', '"']).chars().next() {
        _ if noun == "null" => noun,
        Some('a' | 'e' | 'i' | 'o') => format!("an {noun}"),
        _ => format!("a {noun}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vowel_takes_an() {
        assert_eq!(with_article("int"), "an int");
        assert_eq!(with_article("`output`"), "an `output`");
        assert_eq!(with_article("url"), "a url", "what is spoken counts");
        assert_eq!(with_article("[int]"), "a [int]");
        assert_eq!(with_article("null"), "null");
    }
}
