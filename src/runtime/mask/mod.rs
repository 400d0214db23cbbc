//! Keeps secrets out of everything that leaves an attempt.
//!
//! `docs/decisions/0003-masking.md` says which forms of a secret are found and which are not.

mod forms;
mod stream;
#[cfg(test)]
mod tests;

pub use stream::MaskStream;

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::{Anchored, dfa::DFA, nfa::contiguous, nfa::noncontiguous};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use wf_model::failure::Failure;
use wf_model::value::Value;

/// What stands in the place of a secret.
pub const MASK: &str = "***";

/// Bytes of all forms together up to which the search may take the room of a full table, for its speed.
const TABLE_LIMIT: usize = 12 * 1024;

/// Finds secrets, in every form in which they are known to appear. Cheap to clone.
#[derive(Clone, Default)]
pub struct Masker {
    search: Arc<Search>,
}

/// How the forms are looked for.
#[derive(Default)]
enum Search {
    /// There is nothing to find.
    #[default]
    Nothing,
    /// With a transition for each state and byte.
    Table(Box<Forms<DFA>>),
    /// With fewer transitions and more steps.
    Links(Box<Forms<contiguous::NFA>>),
    /// The forms are too many to look for, so that nothing may pass.
    Everything,
}

/// An automaton over all forms.
struct Forms<A> {
    automaton: A,
    start: StateID,
    /// How many of the latest bytes may be the beginning of a form, by state; states that are missing have none.
    depths: HashMap<StateID, usize>,
}

/// A stretch of a stream that is masked, in bytes from the stream's beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    start: usize,
    end: usize,
}

impl Masker {
    /// Looks for these secrets; empty ones are left out.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let forms: BTreeSet<Vec<u8>> = secrets.into_iter().flat_map(forms::of).collect();
        Self { search: Arc::new(Search::of(&forms)) }
    }

    /// Looks for every secret in these values, however deep it is.
    #[must_use]
    pub fn of_values(values: &[Value]) -> Self {
        let mut open: Vec<&Value> = values.iter().collect();
        let mut secrets = Vec::new();
        while let Some(value) = open.pop() {
            match value {
                Value::Secret(secret) => secrets.push(&**secret.expose()),
                Value::List(elements) => open.extend(elements.iter()),
                Value::Map(map) => open.extend(map.values()),
                Value::Channel(channel) => open.extend(&channel.arguments),
                Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {}
                Value::String(_) | Value::Duration(_) | Value::Size(_) => {}
            }
        }
        Self::new(secrets)
    }

    /// Masks a whole text.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        if matches!(*self.search, Search::Nothing) {
            return text.to_owned();
        }
        String::from_utf8_lossy(&self.bytes(text.as_bytes())).into_owned()
    }

    /// Masks what a failure tells.
    #[must_use]
    pub fn failure(&self, failure: Failure) -> Failure {
        Failure { message: self.text(&failure.message).into(), stderr: self.text(&failure.stderr).into(), ..failure }
    }

    /// Masks whole bytes.
    #[must_use]
    pub fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        if matches!(*self.search, Search::Nothing) {
            return bytes.to_vec();
        }
        let mut stream = self.stream();
        let mut masked = stream.push(bytes).to_vec();
        masked.extend_from_slice(stream.finish());
        masked
    }

    /// Masks bytes that arrive piece by piece.
    #[must_use]
    pub fn stream(&self) -> MaskStream {
        MaskStream::new(self.clone())
    }
}

impl fmt::Debug for Masker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Masker").finish_non_exhaustive()
    }
}

impl Search {
    fn of(forms: &BTreeSet<Vec<u8>>) -> Self {
        if forms.is_empty() {
            return Self::Nothing;
        }
        let table = forms.iter().map(Vec::len).sum::<usize>() <= TABLE_LIMIT;
        let found = noncontiguous::Builder::new().build(forms).ok().and_then(|links| {
            if table {
                let automaton = DFA::builder().build_from_noncontiguous(&links).ok()?;
                Some(Self::Table(Box::new(Forms::new(automaton, forms)?)))
            } else {
                let automaton = contiguous::NFA::builder().build_from_noncontiguous(&links).ok()?;
                Some(Self::Links(Box::new(Forms::new(automaton, forms)?)))
            }
        });
        found.unwrap_or(Self::Everything)
    }
}

impl<A: Automaton> Forms<A> {
    fn new(automaton: A, forms: &BTreeSet<Vec<u8>>) -> Option<Self> {
        let start = automaton.start_state(Anchored::No).ok()?;
        let mut depths = HashMap::new();
        for form in forms {
            let mut state = start;
            // Nothing longer than what was read leads to a state, so each prefix of a form is the depth of its own.
            for (index, byte) in form.iter().enumerate() {
                state = automaton.next_state(Anchored::No, state, *byte);
                depths.insert(state, index + 1);
            }
        }
        Some(Self { automaton, start, depths })
    }

    /// Reads `bytes`, whose first one stands at `position`; reports each stretch with the end of its longest form.
    fn read(&self, from: Option<StateID>, bytes: &[u8], position: usize, mut found: impl FnMut(Stretch)) -> StateID {
        let mut state = from.unwrap_or(self.start);
        for (index, byte) in bytes.iter().enumerate() {
            state = self.automaton.next_state(Anchored::No, state, *byte);
            if self.automaton.is_special(state) && self.automaton.is_match(state) {
                let end = position + index + 1;
                found(Stretch { start: end.saturating_sub(self.longest(state)), end });
            }
        }
        state
    }

    fn longest(&self, state: StateID) -> usize {
        let lengths = (0..self.automaton.match_len(state)).map(|index| {
            let form = self.automaton.match_pattern(state, index);
            self.automaton.pattern_len(form)
        });
        lengths.max().unwrap_or(0)
    }

    fn depth(&self, state: StateID) -> usize {
        self.depths.get(&state).copied().unwrap_or(0)
    }
}

impl Search {
    /// Reads `bytes` at `position`; gives the state after them, and how many of the latest may be the beginning of a form.
    fn read(
        &self,
        from: Option<StateID>,
        bytes: &[u8],
        position: usize,
        mut found: impl FnMut(Stretch),
    ) -> (Option<StateID>, usize) {
        match self {
            Self::Nothing => (None, 0),
            Self::Everything if bytes.is_empty() => (None, 0),
            Self::Everything => {
                found(Stretch { start: position, end: position + bytes.len() });
                (None, 0)
            }
            Self::Table(forms) => {
                let state = forms.read(from, bytes, position, found);
                (Some(state), forms.depth(state))
            }
            Self::Links(forms) => {
                let state = forms.read(from, bytes, position, found);
                (Some(state), forms.depth(state))
            }
        }
    }
}
