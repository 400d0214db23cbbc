//! The grammar, as pest derives a parser from it, and the only calls of that parser.

// The derived enum and its parser carry the `///` lines of the grammar, but not on every variant.
#![allow(missing_docs, clippy::too_many_lines)]

use pest::Parser as _;
use pest::error::Error;
use pest::iterators::Pairs;
use std::num::NonZeroUsize;
use std::sync::{Mutex, Once, PoisonError};

/// One text takes the parser no more calls: some seconds. A text without a break takes two a byte, a list of numbers 75.
const MOST_CALLS: usize = 1 << 28;

/// Reads all of a text by a rule.
pub(crate) fn read(rule: Rule, text: &str) -> Result<Pairs<'_, Rule>, Box<Error<Rule>>> {
    static LIMIT: Once = Once::new();
    LIMIT.call_once(|| pest::set_call_limit(NonZeroUsize::new(MOST_CALLS)));
    Grammar::parse(rule, text).map_err(Box::new)
}

/// As [`read`], and an error tells which tokens could have followed.
pub(crate) fn read_in_detail(rule: Rule, text: &str) -> Result<Pairs<'_, Rule>, Box<Error<Rule>>> {
    // pest has one switch for all threads: whoever turned it on has to be done before another turns it off.
    static DETAIL: Mutex<()> = Mutex::new(());
    let held = DETAIL.lock().unwrap_or_else(PoisonError::into_inner);
    pest::set_error_detail(true);
    let read = read(rule, text);
    pest::set_error_detail(false);
    drop(held);
    read
}

/// The parser of `grammar/wf.pest`.
#[derive(pest_derive::Parser)]
#[grammar = "../../grammar/wf.pest"]
struct Grammar;
