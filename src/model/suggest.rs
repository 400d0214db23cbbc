//! Near names for "did you mean".

/// Longer names are not compared, which takes a time that grows with the product of both lengths.
const LONGEST: usize = 200;

/// No more candidates are compared, so that a file in which every name is wrong stays cheap.
const MOST_CANDIDATES: usize = 1000;

/// The candidate that `written` most likely stands for, if one is near enough: at most a third of its letters differ.
pub fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if written.len() > LONGEST {
        return None;
    }
    let length = written.chars().count();
    let allowed = (length / 3).max(1);
    // Each letter more or less is a difference.
    let alike = |candidate: &&str| candidate.len() <= LONGEST && candidate.chars().count().abs_diff(length) <= allowed;
    candidates
        .into_iter()
        .take(MOST_CANDIDATES)
        .filter(|candidate| *candidate != written && alike(candidate))
        .map(|candidate| (strsim::osa_distance(written, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Whether `written` is surely `meant` with a typing mistake: one letter differs, or two neighbours changed places, in a long
/// word twice.
#[must_use]
pub fn is_typing_mistake(written: &str, meant: &str) -> bool {
    let length = written.chars().count();
    written.len() <= LONGEST && length > 2 && strsim::osa_distance(written, meant) <= if length < 8 { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_names_are_suggested() {
        let names = ["region", "version", "env"];
        assert_eq!(nearest("regoin", names), Some("region"));
        assert_eq!(nearest("versoin", names), Some("version"));
        assert_eq!(nearest("banana", names), None);
        assert_eq!(nearest(&"x".repeat(1 << 20), [&*"x".repeat(1 << 19)]), None, "too long to compare");
        assert!(is_typing_mistake("parm", "param") && is_typing_mistake("wrokflow", "workflow"));
        assert!(!is_typing_mistake("export", "expect") && !is_typing_mistake("number", "int"));
        assert_eq!(nearest("x", ["y"]), None, "a name of one letter resembles nothing");
    }
}
