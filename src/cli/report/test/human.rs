//! Results of tests for people: one line for each, and below those that failed why.

use super::{Case, FileReport};
use crate::report::{Look, printable_line};
use console::Style;
use std::fmt::Write;

pub(super) fn human(reports: &[FileReport], look: Look) -> String {
    let mut text = String::new();
    for report in reports.iter().filter(|report| !report.cases.is_empty()) {
        let _ = writeln!(text, "{}", printable_line(&report.name));
        for case in &report.cases {
            write_case(&mut text, report, case, look);
        }
    }
    let cases = || reports.iter().flat_map(|report| &report.cases);
    let failed = cases().filter(|case| !case.has_passed()).count();
    if cases().next().is_none() {
        return text;
    }
    let _ = writeln!(text, "{} passed, {failed} failed", cases().count() - failed);
    text
}

fn write_case(text: &mut String, report: &FileReport, case: &Case, look: Look) {
    let style = Style::new().force_styling(look.colour);
    let (mark, style) = if case.has_passed() { ("ok", style.green()) } else { ("FAILED", style.red().bold()) };
    let took = case.duration().map(|took| format!("  ({})", took)).unwrap_or_default();
    let _ = writeln!(text, "  {:<8}{}{took}", style.apply_to(mark), printable_line(&case.name));
    for line in report.problems(case) {
        let _ = writeln!(text, "          {line}");
    }
}
