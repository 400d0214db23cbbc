//! All properties on the seeds, on what was found once, and on small changes of both.

use crate::mutate::Mutator;
use crate::{TARGETS, Target, dictionary, findings};

/// How often a text of each property is changed.
const CHANGES: usize = 1500;

fn holds(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target of this name");
    let mut texts = findings(name);
    texts.extend((target.seeds)());
    texts.iter().for_each(|text| (target.property)(text));
    change(target, &texts);
}

#[allow(clippy::print_stdout, reason = "a test that fails, or takes too long, shows what it printed")]
fn change(target: &Target, texts: &[String]) {
    let mut mutator = Mutator::new(7, dictionary().into_iter().collect());
    let short: Vec<&String> = texts.iter().filter(|text| text.len() < 2000).collect();
    for (text, other) in short.iter().cycle().zip(short.iter().cycle().skip(17)).take(CHANGES) {
        let changed = mutator.change(text, other);
        println!("--- {}\n{changed}", target.name);
        (target.property)(&changed);
    }
}

#[test]
fn parsing_never_fails_and_loses_nothing() {
    holds("parse");
}

#[test]
fn formatting_changes_nothing() {
    holds("format");
}

#[test]
fn compiling_ends_with_a_program_or_diagnostics() {
    holds("check");
}

#[test]
fn reading_shell_text_ends() {
    holds("shell");
}

#[test]
fn the_dictionary_holds_the_words_and_signs_of_the_grammar() {
    let words = dictionary();
    for word in ["workflow", "depends", "->", "\"\"\"", "\\${", "\n", "timezone"] {
        assert!(words.contains(word), "{word:?} is not among {words:?}");
    }
}

#[test]
fn the_seeds_are_found() {
    assert!(TARGETS.iter().all(|target| (target.seeds)().len() > 100));
}
