//! Small changes of texts, the same ones each time.

use fastrand::Rng;

/// Makes texts of others.
pub(crate) struct Mutator {
    random: Rng,
    words: Vec<String>,
}

impl Mutator {
    /// Changes texts with words of the `dictionary`.
    pub(crate) fn new(seed: u64, words: Vec<String>) -> Self {
        Self { random: Rng::with_seed(seed), words }
    }

    /// Changes `text` in some places; some changes take a part of `other`.
    pub(crate) fn change(&mut self, text: &str, other: &str) -> String {
        let mut changed = text.to_owned();
        for _ in 0..self.random.u32(1..6) {
            let range = self.range(&changed);
            let piece = match self.random.u8(0..6) {
                0 | 1 => self.word(),
                2 => self.slice(other),
                3 => self.slice(&changed),
                4 => changed.get(range.clone()).unwrap_or_default().repeat(2),
                _ => String::new(),
            };
            let replaced = if self.random.bool() { range } else { range.start..range.start };
            changed.replace_range(replaced, &piece);
        }
        changed
    }

    fn word(&mut self) -> String {
        let index = self.random.usize(0..self.words.len().max(1));
        self.words.get(index).cloned().unwrap_or_default()
    }

    fn slice(&mut self, text: &str) -> String {
        let range = self.range(text);
        text.get(range).unwrap_or_default().to_owned()
    }

    /// A part of the text, mostly a short one.
    fn range(&mut self, text: &str) -> std::ops::Range<usize> {
        let start = self.boundary(text, 0, text.len());
        let longest = [1, 8, 40, 400].get(self.random.usize(0..4)).copied().unwrap_or(1);
        start..self.boundary(text, start, (start + longest).min(text.len()))
    }

    /// A place between two characters.
    fn boundary(&mut self, text: &str, from: usize, to: usize) -> usize {
        let mut place = self.random.usize(from..=to);
        while place > from && !text.is_char_boundary(place) {
            place -= 1;
        }
        place
    }
}
