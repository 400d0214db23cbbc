//! The report of a machine as lines for people.

use super::files::Examined;
use super::{Looked, Report};
use crate::report::{Look, printable_line};
use console::Style;
use std::fmt::Write as _;

/// Columns of the word that says how something stands.
const STANDING: usize = 8;

struct Lines {
    text: String,
    look: Look,
}

/// Everything that was looked at, in sections.
pub(super) fn lines(report: &Report, look: Look) -> String {
    let mut lines = Lines { text: format!("wfc {} on {}\n", report.version, report.machine), look };
    lines.heading("Store");
    lines.looked("", &report.store);
    lines.kinds(report);
    lines.heading("Schedulers");
    report.schedulers.iter().for_each(|scheduler| lines.looked("", scheduler));
    lines.heading("Workflow files");
    if report.files.is_empty() {
        lines.text.push_str("  none around\n");
    }
    report.files.iter().for_each(|file| lines.file(file));
    lines.text
}

impl Lines {
    fn heading(&mut self, heading: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "\n{heading}");
    }

    fn line(&mut self, standing: &str, rest: &str) {
        let style = if standing == "ok" { Style::new().green() } else { Style::new().yellow() };
        let standing = style.force_styling(self.look.colour).apply_to(format!("{standing:STANDING$}"));
        let _ = writeln!(self.text, "  {standing} {}", printable_line(rest));
    }

    /// What mends what the line above says.
    fn remedy(&mut self, remedy: Option<&str>) {
        if let Some(remedy) = remedy {
            let _ = writeln!(self.text, "  {:STANDING$} → {}", "", printable_line(remedy));
        }
    }

    fn looked(&mut self, before: &str, looked: &Looked) {
        match &looked.problem {
            None => {
                let found = looked.found.as_deref().unwrap_or_default();
                self.line("ok", &format!("{before}{}: {found}", looked.what));
            }
            Some(problem) => {
                self.line("missing", &format!("{before}{}: {problem}", looked.what));
                self.remedy(looked.remedy.as_deref());
            }
        }
    }

    fn kinds(&mut self, report: &Report) {
        self.heading("Step kinds");
        let width = report.kinds.iter().map(|kind| kind.name.len()).max().unwrap_or(0) + 2;
        for kind in report.kinds.iter().filter(|kind| !kind.needs.is_empty()) {
            let before = format!("{:width$}", kind.name);
            kind.needs.iter().for_each(|need| self.looked(&before, need));
        }
        let free: Vec<&str> = report.kinds.iter().filter(|kind| kind.needs.is_empty()).map(|kind| kind.name).collect();
        self.line("ok", &format!("{}: nothing is needed beside what their steps name", free.join(", ")));
    }

    fn file(&mut self, file: &Examined) {
        let told = match (file.errors, file.kinds.is_empty()) {
            (0, true) => file.file.clone(),
            (0, false) => format!("{}: {}", file.file, file.kinds.join(", ")),
            (1, _) => format!("{}: an error", file.file),
            (errors, _) => format!("{}: {errors} errors", file.file),
        };
        let standing = if file.errors > 0 {
            "broken"
        } else if file.lacks.is_empty() {
            "ok"
        } else {
            "lacks"
        };
        self.line(standing, &told);
        if file.errors > 0 {
            self.remedy(Some(&format!("wfc check {}", file.file)));
        }
        for lacking in &file.lacks {
            let line = lacking.line.map(|line| format!("line {line}: ")).unwrap_or_default();
            let _ = writeln!(self.text, "  {:STANDING$} {}", "", printable_line(&format!("{line}{}", lacking.problem)));
            self.remedy(lacking.remedy.as_deref());
        }
    }
}
