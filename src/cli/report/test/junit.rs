//! Results of tests as `JUnit` XML: a suite for each file.

use super::{Case, FileReport};
use crate::report::markup;
use std::fmt::Write;
use std::time::Duration;

pub(super) fn junit(reports: &[FileReport]) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for report in reports.iter().filter(|report| !report.cases.is_empty()) {
        let failed = report.cases.iter().filter(|case| !case.has_passed()).count();
        let (name, tests) = (markup(&report.name), report.cases.len());
        let time = seconds(report.cases.iter().map(|case| case.took).sum());
        let _ = writeln!(
            text,
            "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failed}\" errors=\"0\" skipped=\"0\" time=\"{time}\">"
        );
        for case in &report.cases {
            write_case(&mut text, report, case);
        }
        text += "  </testsuite>\n";
    }
    text + "</testsuites>\n"
}

/// As `JUnit` writes a time.
fn seconds(took: Duration) -> String {
    format!("{:.3}", took.as_secs_f64())
}

fn write_case(text: &mut String, report: &FileReport, case: &Case) {
    let (file, name) = (markup(&report.name), markup(&case.name));
    let line = report.position(case.span).map_or(0, |position| position.line);
    let time = seconds(case.took);
    let _ = write!(text, "    <testcase classname=\"{file}\" name=\"{name}\" file=\"{file}\" line=\"{line}\" time=\"{time}\"");
    let problems = report.problems(case);
    let Some(first) = problems.first() else {
        *text += "/>\n";
        return;
    };
    let _ = writeln!(text, ">\n      <failure message=\"{}\">{}</failure>", markup(first), markup(&problems.join("\n")));
    *text += "    </testcase>\n";
}
