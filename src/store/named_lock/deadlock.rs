//! Runs that wait for each other's locks, and who of them gives way.
//!
//! A run that can do nothing but wait for locks says that it stands still. Those that stand still and wait for what only they can let go
//! will do so for ever, so one of them has to give up a lock that it waits for. All who look see the same, because nobody changes
//! anything meanwhile, and so they agree on who that is.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::SystemTime;

/// A ticket of a lock, with what was written on it.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) lock: String,
    pub(super) number: u64,
    pub(super) owner: String,
    pub(super) holds: bool,
    pub(super) note: Note,
}

/// What is written on a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    /// How many may hold the lock at a time.
    pub(super) max: u32,
    /// Whether it gives way only where all others insist as well.
    pub(super) insists: bool,
    /// The name of the lock.
    pub(super) name: Arc<str>,
}

impl Note {
    /// As it is written.
    pub(super) fn text(&self) -> String {
        format!("{} {} {}", self.max, self.insists, self.name)
    }

    /// Reads what was written.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ' ');
        let (max, insists) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Self { max, insists, name: parts.next()?.into() })
    }
}

/// A run that takes part and stands still.
#[derive(Clone, Debug)]
pub(super) struct StillOwner {
    pub(super) run: Arc<str>,
    /// Since when it takes part.
    pub(super) since: SystemTime,
}

/// Why somebody waits for somebody else.
#[derive(Clone, Copy, Debug)]
struct Reason<'a> {
    waits: &'a Claim,
    blocks: &'a Claim,
}

/// All that is held and waited for.
pub(super) struct Deadlock<'a> {
    claims: &'a [Claim],
    still: &'a BTreeMap<String, StillOwner>,
    /// The owners that will never go on.
    stuck: BTreeSet<&'a str>,
}

impl<'a> Deadlock<'a> {
    /// Finds the owners that will never go on; nothing where there are none.
    pub(super) fn among(claims: &'a [Claim], still: &'a BTreeMap<String, StillOwner>) -> Option<Self> {
        let stuck = still.keys().map(String::as_str).collect();
        let mut found = Self { claims, still, stuck };
        loop {
            let free: Vec<&str> = found.stuck.iter().copied().filter(|owner| found.goes_on(owner)).collect();
            if free.is_empty() {
                break;
            }
            free.into_iter().for_each(|owner| _ = found.stuck.remove(owner));
        }
        (!found.stuck.is_empty()).then_some(found)
    }

    fn waiting(&self, owner: &str) -> impl Iterator<Item = &'a Claim> {
        self.claims.iter().filter(move |claim| claim.owner == owner && !claim.holds)
    }

    /// Whether an owner may get a lock once those who are not stuck have let go what they hold and want.
    fn goes_on(&self, owner: &str) -> bool {
        let blockers = |claim: &'a Claim| self.blockers(claim).partition::<Vec<_>, _>(|blocker| blocker.holds);
        let gets = |claim: &'a Claim| {
            let (holders, before) = blockers(claim);
            before.is_empty() && holders.len() < claim.note.max as usize
        };
        self.waiting(owner).next().is_none() || self.waiting(owner).any(gets)
    }

    /// The claims of stuck owners that stand in the way of one: of those who hold the lock, and of those who are before it.
    fn blockers(&self, claim: &'a Claim) -> impl Iterator<Item = &'a Claim> {
        let same = self.claims.iter().filter(move |other| other.lock == claim.lock && self.stuck.contains(other.owner.as_str()));
        same.filter(move |other| other.holds || other.number < claim.number)
    }

    /// Why an owner waits for others.
    fn reasons(&self, owner: &str, queues: bool) -> Vec<Reason<'a>> {
        let blocked = self.waiting(owner).flat_map(|waits| self.blockers(waits).map(move |blocks| Reason { waits, blocks }));
        blocked.filter(|reason| queues || reason.blocks.holds).collect()
    }

    /// The shortest way on which an owner waits for itself, over others; `queues` tells whether those count who are only before others.
    fn circle(&self, owner: &str, queues: bool) -> Option<Vec<Reason<'a>>> {
        let mut ways: VecDeque<Vec<Reason<'a>>> = self
            .reasons(owner, queues)
            .into_iter()
            .filter(|first| first.blocks.owner != owner)
            .map(|first| vec![first])
            .collect();
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop_front() {
            let Some(last) = way.last().map(|reason| reason.blocks.owner.as_str()) else { continue };
            if last == owner {
                return Some(way);
            }
            if seen.insert(last) {
                ways.extend(self.reasons(last, queues).into_iter().map(|next| way.iter().copied().chain([next]).collect()));
            }
        }
        None
    }

    /// The way that ends: of those who wait for themselves the run that takes part last, and of runs that insist none before others.
    fn victim(&self) -> Option<Vec<Reason<'a>>> {
        let circles = |queues| {
            let circles = self.stuck.iter().filter_map(move |owner| self.circle(owner, queues));
            circles.min_by_key(|way| {
                let claim = way.first().map(|reason| reason.waits);
                let since = claim.and_then(|claim| self.still.get(&claim.owner)).map(|owner| owner.since);
                (claim.is_some_and(|claim| claim.note.insists), std::cmp::Reverse((since, claim.map(|claim| &claim.owner))))
            })
        };
        circles(false).or_else(|| circles(true))
    }

    /// Which ticket is given up, and why: in one lower case fact.
    pub(super) fn gives_way(&self) -> Option<(&'a Claim, String)> {
        let way = self.victim()?;
        Some((way.first()?.waits, self.told(&way)))
    }

    fn told(&self, way: &[Reason<'a>]) -> String {
        let mut told = String::from("it never comes: ");
        for (reason, next) in way.iter().zip(way.iter().skip(1)) {
            let run = self.still.get(&reason.blocks.owner).map_or("", |owner| &*owner.run);
            let has = if reason.blocks.holds { "holds" } else { "comes first for" };
            told += &format!("run {run} {has} lock `{}` and waits for lock `{}`, ", reason.waits.note.name, next.waits.note.name);
        }
        let has = if way.last().is_some_and(|last| last.blocks.holds) {
            "which this run holds"
        } else {
            "for which this run comes first"
        };
        told + has
    }
}

#[cfg(test)]
mod tests {
    use super::{Claim, Deadlock, Note, StillOwner};
    use std::collections::BTreeMap;
    use std::time::{Duration, SystemTime};

    /// Claims such as `a+x` for who holds and `b-y` for who waits, in the order in which they were made; `!` insists, and a number at
    /// the end is how many may hold it.
    fn claims(text: &str) -> Vec<Claim> {
        let claim = |(number, word): (u64, &str)| {
            let mut signs = word.chars().peekable();
            let owner = signs.next().unwrap().to_string();
            let holds = signs.next() == Some('+');
            let lock = signs.next().unwrap().to_string();
            let insists = signs.next_if_eq(&'!').is_some();
            let max = signs.next().and_then(|sign| sign.to_digit(10)).unwrap_or(1);
            Claim { note: Note { max, insists, name: lock.as_str().into() }, lock, number, owner, holds }
        };
        (0..).zip(text.split(' ')).map(claim).collect()
    }

    /// Which claim gives way, and why, where these owners stand still; they take part in the order of their names.
    fn found(text: &str, still: &str) -> Option<(usize, String)> {
        let claims = claims(text);
        let since = |owner: char| SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(u32::from(owner)));
        let still: BTreeMap<String, StillOwner> = (still.chars())
            .map(|owner| (owner.to_string(), StillOwner { run: owner.to_uppercase().to_string().into(), since: since(owner) }))
            .collect();
        let deadlock = Deadlock::among(&claims, &still)?;
        let (claim, reason) = deadlock.gives_way()?;
        Some((usize::try_from(claim.number).unwrap(), reason))
    }

    #[test]
    fn of_two_that_wait_for_each_other_the_younger_gives_way() {
        let told = "it never comes: run A holds lock `x` and waits for lock `y`, which this run holds";
        assert_eq!(found("a+x b+y a-y b-x", "ab"), Some((3, told.to_owned())));
        assert_eq!(found("a+x b+y a-y b-x!", "ab").map(|(place, _)| place), Some(2));
        assert_eq!(found("a+x b+y a-y! b-x!", "ab").map(|(place, _)| place), Some(3));
    }

    #[test]
    fn who_goes_on_may_let_go() {
        assert_eq!(found("a+x b+y a-y b-x", "a"), None);
        assert_eq!(found("a+x b+y a-y b-x", ""), None);
        // The second holder of `y` goes on, and two may hold it.
        assert_eq!(found("a+x b+y c+y a-y2 b-x", "ab"), None);
        assert_eq!(found("a+x b+y a-y b-x a-z c+z", "ab"), None);
    }

    #[test]
    fn who_only_waits_behind_them_stays() {
        let told = "it never comes: run A holds lock `x` and waits for lock `y`, run B holds lock `y` and waits for lock `z`, which this run holds";
        assert_eq!(found("a+x b+y c+z a-y b-z d-x c-x", "abcd"), Some((6, told.to_owned())));
    }

    #[test]
    fn who_comes_first_without_holding_can_be_in_the_way() {
        // Two may share `z`, but who came before wants it alone and waits for who holds it.
        assert_eq!(found("a+z b-z a-z2", "ab").map(|(place, _)| place), Some(1));
        let told = "it never comes: run A comes first for lock `z` and waits for lock `z`, which this run holds";
        assert_eq!(found("b+z a-z b-z2", "ab"), Some((2, told.to_owned())));
    }

    #[test]
    fn what_is_written_on_tickets_is_read_again() {
        let note = Note { max: 3, insists: true, name: "deploy to prod".into() };
        assert_eq!(Note::read(&note.text()), Some(note));
        assert_eq!(Note::read(""), None);
    }
}
