//! Several values in one run of a shell, because starting programs is what takes time.

use std::collections::HashMap;
use wf_model::value::Value;

/// Number of values in a run.
pub(super) const BATCH: usize = 8;

/// Which shells read a place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    /// Every shell.
    All,
    /// Every shell, but only values that fit into an argument of a program.
    Arguments,
    /// `bash`.
    Bash,
}

/// Writes what stands in `«…»` once for each value of a batch.
pub(super) fn expand(text: &str) -> String {
    let mut expanded = String::new();
    for (index, piece) in text.split(['«', '»']).enumerate() {
        match index % 2 {
            0 => expanded += piece,
            _ => expanded.extend((1..=BATCH).map(|number| numbered(piece, number))),
        }
    }
    expanded
}

/// A text for one value of a batch, which are counted from 1.
fn numbered(text: &str, number: usize) -> String {
    let next = number % BATCH + 1;
    (text.replace("${x}", &format!("${{x{number}}}")).replace("${y}", &format!("${{x{next}}}")))
        .replace("${file}", &format!("${{file{number}}}"))
        .replace("${many}", &format!("${{many{number}}}"))
        .replace('№', &number.to_string())
}

/// The values of a run by the names of the parameters.
pub(super) struct Batch {
    texts: HashMap<String, Vec<String>>,
}

impl Batch {
    /// A batch of [`BATCH`] values.
    pub(super) fn new(values: &[&str]) -> Self {
        let mut texts = HashMap::from([("none".to_owned(), Vec::new())]);
        for (number, (x, y)) in (1..).zip(values.iter().zip(values.iter().cycle().skip(1))) {
            texts.insert(format!("x{number}"), vec![(*x).to_owned()]);
            texts.insert(format!("file{number}"), vec![file_name(x)]);
            texts.insert(format!("many{number}"), vec![(*x).to_owned(), String::new(), (*y).to_owned(), format!("{x}{y}")]);
        }
        Self { texts }
    }

    /// The texts of a parameter: of a list several.
    pub(super) fn texts(&self, name: &str) -> &[String] {
        self.texts.get(name).expect("a parameter of the program")
    }

    /// The value of a parameter.
    pub(super) fn value(&self, name: &str) -> Value {
        match self.texts(name) {
            [text] => Value::string(text),
            texts => Value::list(texts.iter().map(|text| Value::string(text))),
        }
    }

    /// The names of the files that the places make, in order, each once.
    pub(super) fn files(&self) -> Vec<String> {
        let names = (1..=BATCH).filter_map(|number| self.texts.get(&format!("file{number}"))).flatten();
        let mut names: Vec<String> = names.flat_map(|name| [name.clone(), format!("{name}.copy")]).collect();
        names.sort();
        names.dedup();
        names
    }

    /// All notes of a place, in order.
    pub(super) fn notes(&self, text: &str, notes: &[&str]) -> Vec<Vec<String>> {
        if !text.contains('«') {
            let each = |number| notes.iter().map(move |note| numbered(note, number));
            return (1..=BATCH).flat_map(each).map(|note| self.words(&note)).collect();
        }
        let repeated = |note: &&str| match note.strip_prefix('∀') {
            Some(note) => (1..=BATCH).map(|number| numbered(note, number)).collect(),
            None => vec![expand(note)],
        };
        notes.iter().flat_map(repeated).map(|note| self.words(&note)).collect()
    }

    /// The words of a note such as `a${x1}|${many2}`.
    fn words(&self, note: &str) -> Vec<String> {
        note.strip_suffix('|').unwrap_or(note).split('|').flat_map(|word| self.word(word)).collect()
    }

    fn word(&self, word: &str) -> Vec<String> {
        let whole = word.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        if let Some(texts) = whole.and_then(|name| self.texts.get(name)) {
            return texts.clone();
        }
        let mut pieces = word.split("${");
        let mut text = pieces.next().unwrap_or("").to_owned();
        for piece in pieces {
            let (name, rest) = piece.split_once('}').expect("`${…}` ends");
            text += &self.texts.get(name).expect("a parameter of the program").concat();
            text += rest;
        }
        vec![text]
    }
}

/// A text that may be the name of a file, as near to `text` as can be.
fn file_name(text: &str) -> String {
    let mut name = String::new();
    for character in text.chars().map(|c| if c == '/' { '_' } else { c }) {
        if name.len() + character.len_utf8() > 200 {
            break;
        }
        name.push(character);
    }
    if ["", ".", ".."].contains(&name.as_str()) { format!("{name}_") } else { name }
}
