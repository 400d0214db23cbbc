//! Numbers that decide what is generated.

/// A tape of numbers; behind its end everything is as short as it can be, so that a shorter tape is a smaller program.
pub(super) struct Tape<'a> {
    numbers: &'a [u16],
    place: usize,
}

impl<'a> Tape<'a> {
    pub(super) fn new(numbers: &'a [u16]) -> Self {
        Self { numbers, place: 0 }
    }

    /// A number below `below`, which is not zero.
    pub(super) fn below(&mut self, below: usize) -> usize {
        let number = self.numbers.get(self.place).copied().map_or(0, usize::from);
        self.place += 1;
        number % below
    }

    /// Holds this often.
    pub(super) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) >= 100 - percent
    }

    /// One of these.
    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// Whether nothing is left to decide.
    pub(super) fn is_over(&self) -> bool {
        self.place >= self.numbers.len()
    }
}
