//! Variables of the shell that take a value to where it becomes code.
//!
//! Each use of a variable is read as a value of its own would be, so that the same places refuse it; names are compared over the
//! whole text, whatever runs first.

use super::context::{Carried, Context, Refusal};
use super::frame::{Mode, Words};
use super::lexer::Lexer;
use foldhash::{HashMap, HashSet};

/// What a text does with variables.
#[derive(Debug, Default)]
pub(super) struct Variables {
    /// Uses, in the order in which they were read.
    uses: Vec<Use>,
    /// Names with the values that are assigned to them; a use counts behind all values.
    assigned: Vec<(String, usize)>,
}

#[derive(Debug)]
struct Use {
    name: String,
    place: usize,
    refusal: Option<Refusal>,
}

impl Variables {
    /// Notes that a value is assigned.
    pub(super) fn assign(&mut self, name: Option<String>, value: usize) {
        self.assigned.extend(name.map(|name| (name, value)));
    }

    /// Notes what a use is; only what would run counts.
    pub(super) fn note(&mut self, index: usize, context: Context) {
        if let (Some(used), Context::Refused(refusal @ (Refusal::Code(_) | Refusal::CodeInput(_) | Refusal::Arithmetic))) =
            (self.uses.get_mut(index), context)
        {
            used.refusal.get_or_insert(refusal);
        }
    }

    /// Notes that a variable is evaluated as a number wherever it is assigned.
    pub(super) fn evaluated(&mut self, name: &str, place: usize) {
        self.uses.push(Use { name: name.to_owned(), place, refusal: Some(Refusal::Arithmetic) });
    }

    /// The values that reach code, each with one use; `values` is their number.
    pub(super) fn carried(&self, values: usize) -> Vec<Carried> {
        let mut assigned: HashMap<&str, Vec<usize>> = HashMap::default();
        for (name, value) in &self.assigned {
            assigned.entry(name).or_default().push(*value);
        }
        let mut carried = Vec::new();
        let mut known: HashSet<&str> = HashSet::default();
        for (used, refusal) in self.uses.iter().filter_map(|used| Some((used, used.refusal?))) {
            let mut left = vec![used.name.as_str()];
            while let Some(name) = left.pop() {
                if !known.insert(name) {
                    continue;
                }
                for value in assigned.get(name).into_iter().flatten() {
                    match value.checked_sub(values) {
                        Some(other) => left.extend(self.uses.get(other).map(|other| other.name.as_str())),
                        None => carried.push(Carried { value: *value, variable: used.name.clone(), place: used.place, refusal }),
                    }
                }
            }
        }
        carried
    }
}

impl Lexer<'_> {
    /// The name at a symbol, or nothing.
    pub(super) fn name_at(&self, ahead: usize) -> String {
        let digit = self.character(ahead).is_some_and(|c| c.is_ascii_digit());
        let letters = (ahead..).map_while(|ahead| self.character(ahead).filter(|c| c.is_ascii_alphanumeric() || *c == '_'));
        if digit { String::new() } else { letters.collect() }
    }

    /// Reads a use of a variable, whose `$` is at `opened`; the reading stands behind it.
    pub(super) fn variable(&mut self, name: String, opened: usize) {
        let value = self.use_of(name, opened);
        if opened < self.arithmetic_until {
            self.refuse(value, Refusal::Arithmetic);
        } else if !self.words().is_some_and(|words| words.in_index()) {
            self.substituted(opened, vec![value]);
        }
    }

    /// Reads a name or a number in arithmetic.
    pub(super) fn arithmetic_word(&mut self) {
        let place = self.place;
        let name = self.name_at(0);
        while self.character(0).is_some_and(|c| c.is_ascii_alphanumeric() || "_#@".contains(c)) {
            self.place += 1;
        }
        if !name.is_empty() {
            self.variables.evaluated(&name, place);
        }
    }

    fn use_of(&mut self, name: String, place: usize) -> usize {
        self.variables.uses.push(Use { name, place, refusal: None });
        self.value_count() + self.variables.uses.len() - 1
    }
}

impl Words {
    /// The variable that the word, or the loop that it stands in, assigns to.
    pub(super) fn target(&self) -> Option<String> {
        let name = match self.mode {
            Mode::Commands if self.redirection => None,
            Mode::Commands => self.command.loop_name().or_else(|| {
                let assigns = self.command.at_start() || self.command.declares();
                self.word.text.split_once('=').map(|(target, _)| target).filter(|_| assigns)
            }),
            Mode::Array => self.array.as_deref(),
            Mode::CaseWord { .. } | Mode::CasePattern | Mode::Test | Mode::Pattern => None,
        };
        let name = name?.split(['[', '+']).next()?;
        super::command::is_name(name).then(|| name.to_owned())
    }

    /// Whether the word is inside the index of an array: whether that is arithmetic depends on the array.
    fn in_index(&self) -> bool {
        let index = |text: &str| text.rsplit_once('[').is_some_and(|(_, index)| !index.contains(']'));
        match self.mode {
            Mode::Commands => self.command.at_start() && index(&self.word.text),
            Mode::Array => self.word.text.starts_with('[') && index(&self.word.text),
            Mode::CaseWord { .. } | Mode::CasePattern | Mode::Test | Mode::Pattern => false,
        }
    }
}
