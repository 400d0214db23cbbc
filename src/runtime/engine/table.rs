//! What goes on, by its number. A loop keeps thousands of statements and bodies open and looks each of them up dozens of times.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// A map whose keys are numbers that this program gave out itself, so that nobody can choose them to be alike.
pub(super) type NumberMap<K, T> = HashMap<K, T, BuildHasherDefault<Spread>>;

/// The same for a set.
pub(super) type NumberSet<K> = HashSet<K, BuildHasherDefault<Spread>>;

/// Spreads numbers that follow each other over all bits: Fibonacci hashing, after Knuth, The Art of Computer Programming 3, 6.4.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        let spread = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = spread ^ (spread >> 32);
    }
}

/// Things by their numbers. Nobody sees in which order it keeps them: they are gone through by number.
#[derive(Debug)]
pub(super) struct Table<K, T> {
    // Boxed: they are large, and move about as others come and go.
    entries: NumberMap<K, Box<T>>,
}

impl<K, T> Default for Table<K, T> {
    fn default() -> Self {
        Self { entries: NumberMap::default() }
    }
}

impl<K: Copy + Ord + Hash, T> Table<K, T> {
    pub(super) fn get(&self, key: &K) -> Option<&T> {
        self.entries.get(key).map(|entry| &**entry)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut T> {
        self.entries.get_mut(key).map(|entry| &mut **entry)
    }

    pub(super) fn contains_key(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    pub(super) fn insert(&mut self, key: K, entry: T) {
        self.entries.insert(key, Box::new(entry));
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<Box<T>> {
        self.entries.remove(key)
    }

    /// All of them, by number; takes as long as there are some.
    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        let mut all: Vec<(K, &T)> = self.entries.iter().map(|(key, entry)| (*key, &**entry)).collect();
        all.sort_unstable_by_key(|(key, _)| *key);
        all.into_iter().map(|(_, entry)| entry)
    }

    /// The same, to change them.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (K, &mut T)> {
        let mut all: Vec<(K, &mut T)> = self.entries.iter_mut().map(|(key, entry)| (*key, &mut **entry)).collect();
        all.sort_unstable_by_key(|(key, _)| *key);
        all.into_iter()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn things_are_gone_through_by_number() {
        let mut table = Table::default();
        for number in (0..1_000_u64).rev() {
            table.insert(number, number * 2);
        }
        assert_eq!(table.remove(&7).as_deref(), Some(&14));
        assert_eq!((table.get(&7), table.get(&8), table.len()), (None, Some(&16), 999));
        table.iter_mut().for_each(|(_, entry)| *entry += 1);
        let values: Vec<u64> = table.values().copied().collect();
        assert!(values.is_sorted() && values.first() == Some(&1));
    }
}
