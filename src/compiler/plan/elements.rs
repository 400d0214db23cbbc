//! The elements of loops whose lists are known: conditions on them are decided before the run.

use super::sight::Known;
use std::rc::Rc;
use wf_model::expression::ValueId;
use wf_model::plan::{Certainty, Iterations};
use wf_model::value::Value;

/// Conditions in loops with more iterations stay open.
const MOST: usize = 1_000;

/// What the variables of loops are in one iteration.
pub(super) type Bindings = Vec<(ValueId, Known)>;

/// The iterations of the loops around in which something runs.
#[derive(Clone, Debug)]
pub(super) struct Elements {
    each: Rc<[Bindings]>,
    /// How many iterations there are.
    of: usize,
    /// Whether one comes behind the other.
    is_sequential: bool,
    /// In which part of them each step has to run: as long as that it takes on average.
    part: f64,
}

impl Elements {
    /// Each iteration of a loop in each one of what is around it; where its list is not known, or these are too many, only what is around it.
    pub(super) fn inside(around: Option<&Self>, loops: Option<&[Vec<Bindings>]>, is_sequential: bool) -> Option<Self> {
        let is_sequential = is_sequential && around.is_none_or(|around| around.is_sequential);
        let product = loops.and_then(|loops| Self::product(around, loops));
        match product {
            Some(product) => {
                let part = around.map_or(1.0, |around| around.part);
                Some(Self { of: product.len(), each: product.into(), is_sequential, part })
            }
            None => around.map(|around| Self { is_sequential, ..around.clone() }),
        }
    }

    fn product(around: Option<&Self>, loops: &[Vec<Bindings>]) -> Option<Vec<Bindings>> {
        let outer = around.map_or_else(|| vec![Vec::new()], |around| around.each.to_vec());
        loops.iter().try_fold(outer, |outer, inner| {
            let count = outer.len().checked_mul(inner.len()).filter(|count| *count <= MOST)?;
            let mut product = Vec::with_capacity(count);
            for before in &outer {
                product.extend(inner.iter().map(|own| [before.as_slice(), own.as_slice()].concat()));
            }
            Some(product)
        })
    }

    /// The same for a workflow that is called, which has other variables.
    pub(super) fn nameless(&self) -> Self {
        Self { each: vec![Vec::new(); self.len()].into(), ..self.clone() }
    }

    /// What the variables are in each iteration.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Bindings> {
        self.each.iter()
    }

    /// Those in which something holds, and the others.
    pub(super) fn split(&self, holds: &[bool]) -> (Self, Self) {
        let those = |wanted: bool| {
            let each = self.each.iter().zip(holds).filter(|(_, holds)| **holds == wanted).map(|(bindings, _)| bindings.clone());
            Self { each: each.collect(), ..*self }
        };
        (those(true), those(false))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.each.len()
    }

    /// What runs in these takes, on average over all of `around`, only a part of its time. Branches do not: the longest counts.
    pub(super) fn count_in(&mut self, around: &Self) {
        let count = |elements: &Self| f64::from(u32::try_from(elements.len()).unwrap_or(u32::MAX));
        self.part *= count(self) / count(around).max(1.0);
    }

    /// Which part of its time a step takes on average, where that is less than all of it.
    pub(super) fn part(&self) -> Option<f64> {
        (self.is_sequential && self.part < 1.0).then_some(self.part)
    }

    /// In how many of all iterations something runs.
    pub(super) fn share(&self) -> Iterations {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Iterations { runs: count(self.len()), of: count(self.of) }
    }
}

/// What the variables of a loop are for each element of its list; `None` where the list is none, or too long.
pub(super) fn bindings(item: ValueId, index: Option<ValueId>, list: &Value, sure: Certainty) -> Option<Vec<Bindings>> {
    let bound = |place: Value, element: &Value| {
        let item = (item, (element.clone(), sure));
        std::iter::once(item).chain(index.map(|index| (index, (place, sure)))).collect()
    };
    match list {
        Value::List(list) if list.len() <= MOST => {
            Some((0..).zip(list.iter()).map(|(place, element)| bound(Value::Int(place), element)).collect())
        }
        Value::Map(map) if map.len() <= MOST => {
            Some(map.iter().map(|(key, element)| bound(Value::String(key.clone()), element)).collect())
        }
        _ => None,
    }
}
