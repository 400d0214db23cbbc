//! Results of tests in the Test Anything Protocol, version 14.

use super::FileReport;
use crate::report::printable_line;
use std::fmt::Write;

pub(super) fn tap(reports: &[FileReport]) -> String {
    let cases = || reports.iter().flat_map(|report| report.cases.iter().map(move |case| (report, case)));
    let mut text = format!("TAP version 14\n1..{}\n", cases().count());
    for (number, (report, case)) in (1..).zip(cases()) {
        let mark = if case.has_passed() { "ok" } else { "not ok" };
        // A `#` begins a directive, and a backslash escapes.
        let name = printable_line(&format!("{}: {}", report.name, case.name)).replace('\\', "\\\\").replace('#', "\\#");
        let _ = writeln!(text, "{mark} {number} - {name}");
        let problems = report.problems(case);
        if problems.is_empty() {
            continue;
        }
        let _ = writeln!(text, "  ---\n  problems:");
        for problem in problems {
            // A string of JSON is one of YAML.
            let _ = writeln!(text, "    - {}", serde_json::Value::String(problem));
        }
        text += "  ...\n";
    }
    text
}
