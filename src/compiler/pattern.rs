//! Path patterns.

/// Braces of a pattern nest no deeper: what reads them goes into itself for each.
const DEEPEST: usize = 16;

/// Why a path pattern does not parse; `None` where it does.
pub(crate) fn problem(pattern: &str) -> Option<String> {
    let mut depth = 0_usize;
    for character in pattern.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Some(format!("braces nest deeper than {DEEPEST} levels"));
        }
    }
    globset::Glob::new(pattern).err().map(|error| error.kind().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_read_however_deep_it_nests() {
        for pattern in ["data/**/*.csv", "{a,{b,c}}", "[{]"] {
            assert_eq!(problem(pattern), None, "{pattern}");
        }
        assert_eq!(problem(&("{".repeat(16) + &"}".repeat(16))), None);
        for depth in [17, 100_000] {
            let pattern = "{".repeat(depth) + &"}".repeat(depth);
            assert_eq!(problem(&pattern).as_deref(), Some("braces nest deeper than 16 levels"));
        }
        assert!(problem("data/[*.csv").is_some());
    }
}
