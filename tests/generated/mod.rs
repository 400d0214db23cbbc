//! Properties of whole programs that nobody wrote.
//!
//! The slice that runs with all tests is the same each time; `WFC_CAMPAIGN=N` tries N times as many programs, other ones each time.

mod block;
mod execution;
mod expression;
mod handler;
mod mutation;
mod program;
mod step;
mod tape;
mod undoing;
mod value;

use execution::{Finished, Way, finish, runnable};
use program::{Generated, program};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;
use wf_compiler::{Compilation, FileProblem, Files, compile};
use wf_model::diagnostic::{Diagnostic, Level, Severity};
use wf_model::program::Program;
use wf_model::span::SourceId;

/// The files of a program, in a folder.
struct Folder<'a> {
    folder: &'a str,
    text: &'a str,
    library: &'a str,
}

impl Files for Folder<'_> {
    fn read(&self, path: &str) -> Result<String, FileProblem> {
        for (name, text) in [("main.wf", self.text), ("lib.wf", self.library)] {
            if path == format!("{}/{name}", self.folder) {
                return Ok(text.to_owned());
            }
        }
        Err(FileProblem { message: format!("there is no file {path}"), help: "Write it.".to_owned() })
    }

    fn resolve(&self, folder: &str, path: &str) -> String {
        let folder = if folder.is_empty() { self.folder } else { folder };
        format!("{folder}/{}", path.trim_start_matches("./"))
    }
}

fn compiled(folder: &str, text: &str, library: &str) -> Compilation {
    compile("main.wf", &Folder { folder, text, library }, wf_steps::registry(), Level::Standard)
}

fn is_error(found: &Diagnostic) -> bool {
    found.severity(Level::Standard) == Some(Severity::Error)
}

/// How many times as many programs as usual are tried.
fn campaign() -> Option<u32> {
    std::env::var("WFC_CAMPAIGN").ok()?.parse().ok()
}

/// Checks a property of tapes, this many times where nobody asks for more, and shrinks one for which it does not hold.
fn holds_for_tapes(usual: u32, property: impl Fn(&[u16])) {
    let cases = usual.saturating_mul(campaign().unwrap_or(1));
    let config =
        Config { cases, failure_persistence: None, max_shrink_iters: 3_000, max_shrink_time: 300_000, ..Config::default() };
    let mut runner = match campaign() {
        Some(_) => TestRunner::new(config),
        None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    };
    let outcome = runner.run(&prop::collection::vec(any::<u16>(), 0..500), |numbers| {
        property(&numbers);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// What was made of something, without the places where it stands.
fn without_spans(shown: &str) -> String {
    let mut pieces = shown.split("Span { source: SourceId(");
    let mut kept = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        kept.push_str(piece.split_once('}').map_or("", |(_, rest)| rest));
    }
    kept
}

/// A program without places and hashes of its text.
fn meaning(program: Program) -> String {
    without_spans(&format!("{:?}", Program { sources: Vec::new(), ..program }))
}

/// Fails with the place where two texts part.
fn same(before: &str, after: &str, of: &str) {
    if before != after {
        let at = before.bytes().zip(after.bytes()).take_while(|(left, right)| left == right).count();
        let around = |text: &str| text.chars().skip(at.saturating_sub(120)).take(300).collect::<String>();
        panic!("before {}\nafter {}\nin\n{of}", around(before), around(after));
    }
}

/// The pieces of a text are all of it, in order.
fn covers(text: &str) {
    let tokens = wf_syntax::parse(SourceId(0), text).tokens;
    let mut end = 0;
    for token in &tokens {
        assert_eq!(token.span.range().start, end, "{text}");
        end = token.span.range().end;
        assert!(text.get(token.span.range()).is_some(), "a piece begins or ends inside a character\n{text}");
    }
    assert_eq!(end, text.len(), "{text}");
}

/// Says how a campaign goes.
#[allow(clippy::print_stderr, reason = "who starts a campaign wants to see what it finds")]
fn tell(said: &str) {
    if campaign().is_some() {
        eprintln!("{said}");
    }
}

/// The line of a text that an offset stands in.
fn line_at(text: &str, offset: usize) -> &str {
    let before = text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |place| place + 1);
    text.get(before..).and_then(|rest| rest.lines().next()).unwrap_or_default()
}

/// Whether a program checks; says of one that does not why.
fn checks(text: &str, compilation: &Compilation) -> bool {
    let Some(error) = compilation.diagnostics.iter().find(|found| is_error(found)) else { return true };
    let place = compilation.sources.slice(error.primary.span);
    let line = line_at(text, error.primary.span.range().start);
    tell(&format!("{}: {} `{place}` in {line}", error.slug, error.message));
    false
}

/// Laying a file out twice is laying it out once, and its tree and its program stay what they were.
fn formatting_changes_nothing(text: &str, library: &str, before: Compilation) {
    let once = wf_syntax::format(text).unwrap_or_else(|found| panic!("{found:#?}\n{text}"));
    assert_eq!(wf_syntax::format(&once).as_ref(), Ok(&once), "{text}");
    let tree = |text: &str| without_spans(&format!("{:?}", wf_syntax::parse(SourceId(0), text).file));
    same(&tree(text), &tree(&once), &once);
    let after = compiled("/p", &once, library);
    let slugs = |compilation: &Compilation| compilation.diagnostics.iter().map(|found| found.slug).collect::<Vec<_>>();
    assert_eq!(slugs(&before), slugs(&after), "{text}\n{once}");
    same(&before.program.map(meaning).unwrap_or_default(), &after.program.map(meaning).unwrap_or_default(), &once);
}

#[test]
fn most_programs_check_and_formatting_changes_no_meaning() {
    let (checked, all) = (Cell::new(0), Cell::new(0));
    holds_for_tapes(200, |numbers| {
        let Generated { text, library, .. } = program(numbers);
        covers(&text);
        let compilation = compiled("/p", &text, &library);
        all.set(all.get() + 1);
        let fine = checks(&text, &compilation);
        assert_eq!(compilation.program.is_some(), fine, "{text}");
        checked.set(checked.get() + u32::from(fine));
        if wf_syntax::parse(SourceId(0), &text).diagnostics.is_empty() {
            formatting_changes_nothing(&text, &library, compilation);
        }
    });
    assert!(checked.get() * 10 > all.get() * 9, "{} of {} programs check", checked.get(), all.get());
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime")
}

/// Runs a program three times, and compares the ends where nothing in it depends on what is faster; whether it did.
fn runs_alike(generated: &Generated, program: &Arc<Program>, folder: &Path, runtime: &Runtime) -> bool {
    let way = |jobs| Way { jobs, cancelled_at: [None, None] };
    let [first, again, alone] = [8, 8, 1].map(|jobs| finish(program, generated, folder, way(jobs)));
    let (first, again, alone) = runtime.block_on(async { tokio::join!(first, again, alone) });
    let finished = [first, again, alone];
    finished.iter().for_each(|finished| finished.is_allowed(generated));
    if generated.races || generated.concurrent && finished.iter().any(Finished::had_failures) {
        return false;
    }
    let ends = finished.map(|finished| (finished.ended.state, finished.ended.outputs));
    assert!(ends.windows(2).all(|pair| pair[0] == pair[1]), "{ends:#?}\n{generated}");
    true
}

#[test]
fn what_checks_runs_to_an_end_that_it_allows() {
    let runtime = runtime();
    let folder = tempfile::tempdir().expect("a folder");
    let (ran, compared, all) = (Cell::new(0), Cell::new(0), Cell::new(0));
    holds_for_tapes(50, |numbers| {
        let generated = program(numbers);
        all.set(all.get() + 1);
        let compilation = compiled(&folder.path().display().to_string(), &generated.text, &generated.library);
        let Some(program) = compilation.program.map(Arc::new).filter(|program| runnable(program).is_some()) else { return };
        ran.set(ran.get() + 1);
        compared.set(compared.get() + u32::from(runs_alike(&generated, &program, folder.path(), &runtime)));
    });
    tell(&format!("{} of {} ran, {} compared", ran.get(), all.get(), compared.get()));
    assert!(ran.get() * 10 > all.get() * 7 && compared.get() * 3 > ran.get(), "{} ran, {} compared", ran.get(), compared.get());
}

#[test]
fn a_run_that_is_cancelled_ends_whenever_it_is() {
    let runtime = runtime();
    let folder = tempfile::tempdir().expect("a folder");
    holds_for_tapes(20, |numbers| {
        let (decided, numbers) = numbers.split_at(numbers.len().min(2));
        let generated = program(numbers);
        let compilation = compiled(&folder.path().display().to_string(), &generated.text, &generated.library);
        let Some(program) = compilation.program.map(Arc::new).filter(|program| runnable(program).is_some()) else { return };
        let at = |place: usize, below: usize| decided.get(place).map(|number| usize::from(*number) % below);
        let (first, second) = (at(0, 30), at(1, 12));
        // Now and then somebody asks again.
        let second = first.zip(second.filter(|second| *second < 6)).map(|(first, second)| first + second);
        let way = Way { jobs: 4, cancelled_at: [first, second] };
        runtime.block_on(finish(&program, &generated, folder.path(), way)).is_allowed(&generated);
    });
}
