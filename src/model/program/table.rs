//! Vectors that are indexed by a typed place.

use crate::expression::{GlobalId, ValueId};
use crate::program::{BodyId, StatementId, WorkflowId};
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;

/// A type that names a place in a [`Table`].
pub trait Place: Copy {
    /// The name of place `index`.
    fn from_index(index: u32) -> Self;
    /// The place as a number.
    fn index(self) -> usize;
}

macro_rules! places {
    ($($name:ident),*) => {
        $(impl Place for $name {
            fn from_index(index: u32) -> Self {
                Self(index)
            }

            fn index(self) -> usize {
                self.0 as usize
            }
        })*
    };
}

places!(BodyId, GlobalId, StatementId, ValueId, WorkflowId);

/// Items that are only added, each named by its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Table<P, T> {
    items: Vec<T>,
    #[serde(skip)]
    place: PhantomData<P>,
}

impl<P, T> Default for Table<P, T> {
    fn default() -> Self {
        Self { items: Vec::new(), place: PhantomData }
    }
}

impl<P: Place, T> Table<P, T> {
    /// Adds an item and names its place; a table that is full (2³² items) names its last place again, which bounded sources
    /// never reach.
    pub fn add(&mut self, item: T) -> P {
        let place = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        self.items.push(item);
        P::from_index(place)
    }

    /// The item at `place`; `None` for the place of another table.
    #[must_use]
    pub fn get(&self, place: P) -> Option<&T> {
        self.items.get(place.index())
    }

    /// The item at `place`, to be changed.
    pub fn get_mut(&mut self, place: P) -> Option<&mut T> {
        self.items.get_mut(place.index())
    }

    /// Gives back the room for more items.
    pub fn shrink(&mut self) {
        self.items.shrink_to_fit();
    }

    /// Number of items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// All items in order, with their places.
    pub fn iter(&self) -> impl Iterator<Item = (P, &T)> {
        self.items.iter().zip(0_u32..).map(|(item, index)| (P::from_index(index), item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_names_what_was_added_there() {
        let mut table: Table<BodyId, &str> = Table::default();
        let (first, second) = (table.add("first"), table.add("second"));
        assert_eq!((table.get(first), table.get(second), table.len()), (Some(&"first"), Some(&"second"), 2));
        assert_eq!(table.get(BodyId(2)), None);
    }
}
