//! The `let`s of a file in an order in which each stands behind those that it uses.

use crate::findings::LetCycle;
use foldhash::{HashMap, HashSet};
use std::cmp::Reverse;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::span::Span;
use wf_syntax::ast::Let;

/// The `let`s in their order.
pub(super) struct Ordered<'a> {
    pub(super) lets: Vec<&'a Let>,
    /// Names that are used before they are known, because a circle gives no better order.
    pub(super) circular: HashSet<&'a str>,
}

/// A `let` on the way down to those that have to come before it.
struct Open<'a> {
    at: usize,
    /// What it uses and was not looked at yet, with the place of the use; the first one last.
    uses: Vec<(usize, Span)>,
    let_: &'a Let,
    /// Where the one before it uses it.
    used: Span,
}

/// Orders them as written where nothing asks for another order; a circle is reported.
pub(super) fn ordered<'a>(lets: &[&'a Let], diagnostics: &mut Vec<Diagnostic>) -> Ordered<'a> {
    let mut places: HashMap<&str, usize> = HashMap::default();
    for (at, let_) in lets.iter().enumerate() {
        places.entry(&let_.name.text).or_insert(at);
    }
    let open = |at: usize, used: Span| {
        let let_ = lets.get(at).copied()?;
        let names = let_.value.names().into_iter();
        let mut uses: Vec<_> = names.filter_map(|(name, span)| Some((*places.get(name)?, span))).collect();
        uses.sort_by_key(|(_, span)| Reverse(*span));
        Some(Open { at, uses, let_, used })
    };
    let mut made = Ordered { lets: Vec::new(), circular: HashSet::default() };
    let mut states = vec![State::New; lets.len()];
    for start in 0..lets.len() {
        let mut way: Vec<Open<'_>> = Vec::new();
        let mut reported = false;
        if enter(&mut states, start) == State::New {
            way.extend(open(start, Span::default()));
        }
        while let Some(last) = way.last_mut() {
            let Some((next, used)) = last.uses.pop() else {
                if let Some(done) = way.pop() {
                    made.lets.push(done.let_);
                    leave(&mut states, done.at);
                }
                continue;
            };
            match enter(&mut states, next) {
                State::New => way.extend(open(next, used)),
                State::Done => {}
                State::Open => {
                    // Of circles that hang together the first says enough, and telling all would take long.
                    let circle = way.iter().skip_while(|open| open.at != next);
                    if !std::mem::replace(&mut reported, true) {
                        report(circle, used, diagnostics);
                    }
                    made.circular.extend(lets.get(next).map(|let_| &*let_.name.text));
                }
            }
        }
    }
    made
}

/// How far a `let` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

/// Comes to a `let`, and says how far it was.
fn enter(states: &mut [State], at: usize) -> State {
    let Some(state) = states.get_mut(at) else { return State::Done };
    let before = *state;
    if before == State::New {
        *state = State::Open;
    }
    before
}

fn leave(states: &mut [State], at: usize) {
    if let Some(state) = states.get_mut(at) {
        *state = State::Done;
    }
}

/// Reports a circle, which the use at `closing` closes.
fn report<'w, 'a: 'w>(circle: impl Iterator<Item = &'w Open<'a>>, closing: Span, diagnostics: &mut Vec<Diagnostic>) {
    let circle: Vec<_> = circle.collect();
    let uses = circle.iter().skip(1).map(|open| open.used).chain([closing]);
    let links: Vec<(&str, Span)> = circle.iter().map(|open| &*open.let_.name.text).zip(uses).collect();
    diagnostics.push(LetCycle { links: &links }.diagnostic());
}
