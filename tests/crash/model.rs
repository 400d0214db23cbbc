//! What a rollback has to do: the model that simulated runs and killed ones are held to. It knows nothing of what runs them.

use std::collections::{BTreeMap, BTreeSet};

/// What a rollback finds; steps are numbers.
pub(crate) struct Model<'a> {
    /// The steps that may have done something and have an undo, which has not run.
    pub(crate) steps: &'a BTreeSet<u64>,
    /// Those whose undo fails for good.
    pub(crate) stuck: &'a BTreeSet<u64>,
    /// Whether the first step needed the second, directly or not.
    pub(crate) needs: &'a dyn Fn(u64, u64) -> bool,
}

/// What becomes of what a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Undone,
    Failed,
    Blocked,
}

impl Model<'_> {
    fn users(&self, step: u64) -> impl Iterator<Item = u64> {
        self.steps.iter().copied().filter(move |user| *user != step && (self.needs)(*user, step))
    }

    pub(crate) fn fate(&self, step: u64) -> Fate {
        match self.users(step).any(|user| self.stuck.contains(&user)) {
            true => Fate::Blocked,
            false if self.stuck.contains(&step) => Fate::Failed,
            false => Fate::Undone,
        }
    }

    /// The steps that are not undone when it is over.
    pub(crate) fn left(&self) -> BTreeSet<u64> {
        self.steps.iter().copied().filter(|step| self.fate(*step) != Fate::Undone).collect()
    }

    /// Holds undos to the set and the order of the model; for each that ran, `seen` has its first and last sign of life.
    pub(crate) fn judge(&self, seen: &BTreeMap<u64, (usize, usize)>) -> Result<(), String> {
        if let Some(stray) = seen.keys().find(|step| !self.steps.contains(step)) {
            return Err(format!("{stray} is undone, and must not be"));
        }
        for step in self.steps {
            match (seen.get(step), self.fate(*step)) {
                (None, Fate::Blocked) => {}
                (None, fate) | (Some(_), fate @ Fate::Blocked) => return Err(format!("the undo of {step} should be {fate:?}")),
                (Some((begin, _)), _) => {
                    if let Some(user) = self.users(*step).find(|user| seen.get(user).is_none_or(|(_, end)| end >= begin)) {
                        return Err(format!("{step} is undone under {user}"));
                    }
                }
            }
        }
        Ok(())
    }
}

/// How the process of a run exits that was rolled back and left these.
pub(crate) fn exit_code(left: &BTreeSet<u64>) -> i32 {
    if left.is_empty() { 3 } else { 4 }
}
