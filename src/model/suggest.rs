//! Near names for "did you mean".

/// Longer names are not compared, which takes a time that grows with the product of both lengths.
const LONGEST: usize = 200;

/// No more candidates are compared, so that a file in which every name is wrong stays cheap.
const MOST_CANDIDATES: usize = 1000;

/// A name that was probably meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Near<'a> {
    /// The name.
    pub name: &'a str,
    /// Whether nothing else can be meant, so that it can be written without asking.
    pub sure: bool,
}

impl<'a> Near<'a> {
    /// A name that is surely meant.
    #[must_use]
    pub const fn surely(name: &'a str) -> Self {
        Self { name, sure: true }
    }
}

/// As [`nearest`]; sure where it is a typing mistake of that candidate, and of no other.
pub fn near<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<Near<'a>> {
    let candidates: Vec<&str> = candidates.into_iter().take(MOST_CANDIDATES).collect();
    let name = nearest(written, candidates.iter().copied())?;
    let mut meant = candidates.into_iter().filter(|candidate| is_typing_mistake(written, candidate));
    let sure = meant.next() == Some(name) && meant.all(|other| other == name);
    Some(Near { name, sure })
}

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
        assert_eq!(near("regoin", names), Some(Near::surely("region")));
        assert_eq!(near("env2", ["env0", "env1"]), Some(Near { name: "env0", sure: false }), "could be either");
        assert_eq!(near("verssoon", names).map(|near| near.sure), Some(true));
        assert_eq!(near("ttmy", ["time"]), None);
        assert_eq!(nearest("x", ["y"]), None, "a name of one letter resembles nothing");
    }
}
