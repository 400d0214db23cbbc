//! What users see of one set of findings in every form.

use super::{github, json, sarif, text};
use crate::report::Look;
use wf_model::diagnostic::{Diagnostic, Finding, Level, Strictness};
use wf_model::source::{Source, Sources};
use wf_model::span::{SourceId, Span};

struct Unknown;

impl Finding for Unknown {
    const SLUG: &str = "unknown-name";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(span("biuld"), "no step is called `biuld`")
            .labelled("used here")
            .with_label(span("build"), "step `build`")
            .with_help("Write `build`.")
            .with_fix("Replace by `build`", span("biuld"), "build")
    }
}

struct Unused;

impl Finding for Unused {
    const SLUG: &str = "unused-name";
    const STRICTNESS: Strictness = Strictness::WARNING;

    fn diagnostic(&self) -> Diagnostic {
        Self::at(span("build"), "nothing uses step `build`: 100%,\nsure")
    }
}

const TEXT: &str = "step build shell {}\n# \u{1b}[31mé\u{202e}\nstep test after biuld\n";

fn span(part: &str) -> Span {
    let at = TEXT.find(part).unwrap();
    Span::new(SourceId(0), at, at + part.len())
}

fn sources(name: &str) -> Sources {
    let mut sources = Sources::default();
    sources.add(Source::new(name, "", TEXT.into())).unwrap();
    sources
}

fn findings() -> Vec<Diagnostic> {
    vec![Unknown.diagnostic(), Unused.diagnostic()]
}

#[test]
fn text_shows_the_source_sorted_by_place_and_counts() {
    insta::assert_snapshot!(text(&findings(), &sources("a.wf"), Level::Standard, Look::PLAIN), @r"
    unused-name

      warning: nothing uses step `build`: 100%,\nsure
       ╭─[a.wf:1:6]
     1 │ step build shell {}
       ·      ─────
     2 │ # \u{1b}[31mé\u{202e}
       ╰────

    unknown-name

      error: no step is called `biuld`
       ╭─[a.wf:3:17]
     1 │ step build shell {}
       ·      ──┬──
       ·        ╰── step `build`
     2 │ # \u{1b}[31mé\u{202e}
     3 │ step test after biuld
       ·                 ──┬──
       ·                   ╰── used here
       ╰────
      help: Write `build`.
            fix: Replace by `build`

    1 error, 1 warning
    ");
}

/// A finding at one byte, with another place that it names.
struct At(usize, usize);

impl Finding for At {
    const SLUG: &str = "unknown-name";

    fn diagnostic(&self) -> Diagnostic {
        let span = |at| Span::new(SourceId(0), at, at + 1);
        Self::at(span(self.0), "no value is called `x`").with_label(span(self.1), "another")
    }
}

fn drawn(text: &str, findings: &[At]) -> String {
    let mut sources = Sources::default();
    sources.add(Source::new("a.wf", "", text.into())).unwrap();
    let findings: Vec<_> = findings.iter().map(Finding::diagnostic).collect();
    super::text(&findings, &sources, Level::Standard, Look::PLAIN)
}

#[test]
fn text_leaves_out_the_lines_between_places_far_apart() {
    let text: String = (1..=60).map(|line| format!("line {line:02}\n")).collect();
    insta::assert_snapshot!(drawn(&text, &[At(8 * 49, 8 * 9)]), @"
    unknown-name

      error: no value is called `x`
        ╭─[a.wf:10:1]
      9 │ line 09
     10 │ line 10
        · ┬
        · ╰── another
     11 │ line 11
        ╰────
        ╭─[a.wf:50:1]
     49 │ line 49
     50 │ line 50
        · ─
     51 │ line 51
        ╰────

    1 error
    ");
}

#[test]
fn text_cuts_lines_that_nobody_reads() {
    let shown = drawn(&"x".repeat(1 << 20), &[At(1 << 19, 9)]);
    assert!(shown.contains("[a.wf:1:524289]"), "the column is that of the source");
    assert!(shown.len() < 20_000, "{} bytes", shown.len());
}

#[test]
fn text_lists_what_comes_after_many_findings() {
    let findings: Vec<_> = (0..1000).map(|at| At(at, at)).collect();
    let shown = drawn(&"x\n".repeat(500), &findings);
    assert!(shown.ends_with("a.wf:500:2: error: no value is called `x` (unknown-name)\n\n1000 errors\n"), "{shown}");
    assert_eq!(shown.lines().filter(|line| line.starts_with("a.wf:")).count(), 800);
}

#[test]
fn text_never_passes_control_characters_on() {
    let shown = text(&findings(), &sources("\u{1b}]0;a\u{7}.wf"), Level::Standard, Look::PLAIN);
    assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown}");
}

#[test]
fn columns_are_those_of_the_source() {
    let mut after = Unused.diagnostic();
    after.primary.span = Span::new(SourceId(0), TEXT.find('é').unwrap(), TEXT.find('\u{202e}').unwrap());
    let shown = text(&[after], &sources("a.wf"), Level::Standard, Look::PLAIN);
    assert!(shown.contains("[a.wf:2:8]\n"), "{shown}");
    assert!(shown.contains(" 2 │ # \\u{1b}[31mé\\u{202e}\n   ·             ─\n"), "{shown}");
}

#[test]
fn places_in_other_files_stand_below() {
    let mut all = sources("a.wf");
    let other = all.add(Source::new("b.wf", "", "\nstep x".into())).unwrap();
    let finding = Unused.diagnostic().with_label(Span::new(other, 1, 5), "declared here");
    let shown = text(&[finding], &all, Level::Standard, Look::PLAIN);
    assert!(shown.contains("b.wf:2:1: declared here\n"), "{shown}");
}

#[test]
fn a_level_hides_what_it_does_not_show() {
    let shown = text(&findings(), &sources("a.wf"), Level::Basic, Look::PLAIN);
    assert!(shown.ends_with("\n1 error\n") && !shown.contains("unused-name"), "{shown}");
    assert_eq!(text(&[Unused.diagnostic()], &sources("a.wf"), Level::Basic, Look::PLAIN), "");
}

#[test]
fn colours_come_when_they_are_wanted() {
    let look = Look { colour: true, ..Look::PLAIN };
    assert!(text(&findings(), &sources("a.wf"), Level::Standard, look).contains('\u{1b}'));
}

#[test]
fn spans_that_fit_no_text_are_survived() {
    let mut far = Unknown.diagnostic();
    far.primary.span = Span::new(SourceId(0), 5_000, 6_000);
    let mut nowhere = Unknown.diagnostic();
    nowhere.primary.span = Span::new(SourceId(7), 1, 2);
    let mut inside = Unknown.diagnostic();
    let accent = TEXT.find('é').unwrap();
    inside.primary.span = Span::new(SourceId(0), accent + 1, accent + 1);
    let all = [far, nowhere, inside];
    for report in [json, sarif, github] {
        assert!(report(&all, &sources("a.wf"), Level::Basic).contains("unknown-name"));
    }
    assert!(text(&all, &sources("a.wf"), Level::Basic, Look::PLAIN).ends_with("3 errors\n"));
}

#[test]
fn github_escapes_data_and_properties() {
    insta::assert_snapshot!(github(&findings(), &sources("a,b:c.wf"), Level::Standard), @"
    ::warning file=a%2Cb%3Ac.wf,line=1,col=6,endLine=1,title=unused-name::nothing uses step `build`: 100%25,%0Asure
    ::error file=a%2Cb%3Ac.wf,line=3,col=17,endLine=3,title=unknown-name::no step is called `biuld`%0AWrite `build`.
    ");
}

#[test]
fn json_gives_bytes_and_lines() {
    let report: serde_json::Value = serde_json::from_str(&json(&findings(), &sources("a.wf"), Level::Standard)).unwrap();
    let diagnostic = &report["diagnostics"][1];
    assert_eq!(diagnostic["slug"], "unknown-name");
    assert_eq!(diagnostic["severity"], "error");
    assert_eq!(diagnostic["file"], "a.wf");
    let span = serde_json::json!({"start": 49, "end": 54, "line": 3, "column": 17, "end_line": 3, "end_column": 22});
    assert_eq!(diagnostic["span"], span);
    assert_eq!(diagnostic["fix"]["edits"][0]["replacement"], "build");
    assert_eq!(diagnostic["labels"][0]["text"], "step `build`");
}
