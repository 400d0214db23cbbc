//! The SARIF report against the schema of the standard.

use serde_json::Value;
use wf_cli::report::diagnostics::sarif;
use wf_model::diagnostic::{Diagnostic, Finding, Level};
use wf_model::source::{Source, Sources};
use wf_model::span::{SourceId, Span};

struct Everything;

impl Finding for Everything {
    const SLUG: &str = "everything";

    fn diagnostic(&self) -> Diagnostic {
        let place = |start, end| Span::new(SourceId(0), start, end);
        Self::at(place(0, 4), "first line\nof \u{1b} two")
            .labelled("here")
            .with_label(place(5, 5), "")
            .with_help("Do it.")
            .with_fix("Insert a name", place(5, 5), "é")
    }
}

fn schema() -> Value {
    serde_json::from_str(include_str!("../data/sarif-schema-2.1.0.json")).expect("the schema is JSON")
}

fn report(diagnostics: &[Diagnostic], name: &str) -> Value {
    let mut sources = Sources::default();
    sources.add(Source::new(name, "", "step\n{}".into())).expect("room for a source");
    serde_json::from_str(&sarif(diagnostics, &sources, Level::Standard)).expect("the report is JSON")
}

#[test]
fn reports_fit_the_schema() {
    let validator = jsonschema::options().should_validate_formats(true).build(&schema()).expect("the schema is a schema");
    let nowhere = Everything::at(Span::new(SourceId(9), 1, 2), "nowhere");
    let full = [Everything.diagnostic(), Everything.diagnostic(), nowhere];
    for (diagnostics, name) in [(&full[..], "/tmp/a b:ü.wf"), (&full[..], "<stdin>"), (&[], "a.wf")] {
        let report = report(diagnostics, name);
        let errors: Vec<_> = validator.iter_errors(&report).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}\n{report:#}");
    }
}

#[test]
fn the_schema_refuses_what_is_no_report() {
    let validator = jsonschema::validator_for(&schema()).expect("the schema is a schema");
    let mut report = report(&[Everything.diagnostic()], "a.wf");
    report["runs"][0]["results"][0]["level"] = "fatal".into();
    assert!(!validator.is_valid(&report));
}

#[test]
fn places_and_fixes_are_where_scanners_look() {
    let report = report(&[Everything.diagnostic()], "/tmp/a b.wf");
    let result = &report["runs"][0]["results"][0];
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "file:///tmp/a%20b.wf");
    let region = serde_json::json!({"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 5});
    assert_eq!(place["region"], region);
    let change = &result["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(change["insertedContent"]["text"], "é");
    assert_eq!(report["runs"][0]["tool"]["driver"]["rules"][0]["id"], "everything");
}
