//! Near names for "did you mean".

/// Longer names are not compared, which takes a time that grows with the product of both lengths.
const LONGEST: usize = 200;

/// The candidate that `written` most likely stands for, if one is near enough: at most a third of its letters differ.
pub fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if written.len() > LONGEST {
        return None;
    }
    let allowed = (written.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != written && candidate.len() <= LONGEST)
        .map(|candidate| (strsim::osa_distance(written, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
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
        assert_eq!(nearest("x", ["y"]), None, "a name of one letter resembles nothing");
    }
}
