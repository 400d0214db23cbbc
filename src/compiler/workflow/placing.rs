//! Which entries of a body stand where they do not belong.

/// The phases of entries: settings and clauses, declarations and statements, handlers and triggers.
const PHASES: [u8; 3] = [0, 1, 2];

/// An entry to be moved. Both are indexes into the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) entry: usize,
    /// An entry that stays, on whose other side it belongs.
    pub(super) other: usize,
    /// Whether it belongs above the other one.
    pub(super) above: bool,
}

/// The fewest moves that bring phases in order; where either of two would do, the later one is moved.
pub(super) fn moves(phases: &[u8]) -> Vec<Move> {
    let staying = staying(phases);
    let mut moves = Vec::new();
    for (entry, phase) in phases.iter().enumerate() {
        if staying.binary_search(&(entry, *phase)).is_ok() {
            continue;
        }
        let later = staying.get(staying.partition_point(|(_, theirs)| theirs <= phase)).filter(|(other, _)| *other < entry);
        let earlier = staying.partition_point(|(_, theirs)| theirs < phase).checked_sub(1).and_then(|last| staying.get(last));
        if let Some((other, _)) = later.or(earlier) {
            moves.push(Move { entry, other: *other, above: later.is_some() });
        }
    }
    moves
}

/// The entries that can stay, with their phases.
fn staying(phases: &[u8]) -> Vec<(usize, u8)> {
    let mut left: Vec<[usize; 3]> = vec![[0; 3]];
    for phase in phases.iter().rev() {
        let after = left.last().copied().unwrap_or_default();
        left.push(PHASES.map(|from| longest(from, *phase, after)));
    }
    let mut staying = Vec::new();
    let mut from = 0;
    // The list was filled from the end, so that its last element counts what can stay from the first entry on.
    let mut left = left.into_iter().rev();
    let mut best = left.next().unwrap_or_default();
    for ((entry, phase), after) in phases.iter().enumerate().zip(left) {
        if *phase >= from && at(after, *phase) + 1 == at(best, from) {
            staying.push((entry, *phase));
            from = *phase;
        }
        best = after;
    }
    staying
}

/// How many entries from one of this phase on can stay behind an entry of the phase `from`, where `after` says it for those behind.
fn longest(from: u8, phase: u8, after: [usize; 3]) -> usize {
    let without = at(after, from);
    if phase >= from { without.max(at(after, phase) + 1) } else { without }
}

fn at(counts: [usize; 3], phase: u8) -> usize {
    counts.get(usize::from(phase)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(phases: &[u8]) -> Vec<(usize, usize, bool)> {
        moves(phases).into_iter().map(|Move { entry, other, above }| (entry, other, above)).collect()
    }

    #[test]
    fn the_fewest_entries_move() {
        assert_eq!(shown(&[0, 1, 1, 2]), []);
        assert_eq!(shown(&[1, 0]), [(1, 0, true)], "of two the later one");
        assert_eq!(shown(&[2, 1, 1]), [(0, 2, false)]);
        assert_eq!(shown(&[2, 1, 1, 1, 0]), [(0, 3, false), (4, 1, true)]);
        assert_eq!(shown(&[1, 1, 2, 1, 2, 0]), [(3, 2, true), (5, 0, true)]);
    }
}
