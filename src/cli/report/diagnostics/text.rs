//! Diagnostics for people: the source with what is said about it, then a count.

mod excerpt;

use super::{Shown, shown, word};
use crate::report::Look;
use crate::report::escape::{cut, printable, printable_line};
use excerpt::{Excerpt, has_long_line};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, SourceSpan};
use std::collections::HashMap;
use std::fmt;
use wf_model::diagnostic::{Diagnostic, Label, Level, Severity};
use wf_model::source::{Source, Sources};
use wf_model::span::SourceId;

/// So many diagnostics are drawn; nobody mends more at a time, and what they have in common has been said.
const DRAWN: usize = 200;

/// Diagnostics with their source, those beyond the first 200 in a line each, and a line that counts them; empty where there are none.
#[must_use]
pub fn text(diagnostics: &[Diagnostic], sources: &Sources, level: Level, look: Look) -> String {
    let shown = shown(diagnostics, level);
    let handler = handler(look);
    let mut excerpts: HashMap<SourceId, Option<Printed<'_>>> = HashMap::new();
    let mut report = String::new();
    let (drawn, listed) = shown.split_at(shown.len().min(DRAWN));
    for shown in drawn {
        let id = shown.diagnostic.primary.span.source;
        let printed = excerpts.entry(id).or_insert_with(|| {
            sources
                .get(id)
                .map(|source| if has_long_line(source) { Printed::Around(source) } else { Printed::Whole(Excerpt::new(source)) })
        });
        let around;
        let excerpt = match printed {
            Some(Printed::Whole(excerpt)) => Some(&*excerpt),
            Some(Printed::Around(source)) => {
                around = Excerpt::around(source, &places(shown.diagnostic));
                Some(&around)
            }
            None => None,
        };
        // Writing to a string cannot fail.
        let _ = handler.render_report(&mut report, &Rendered { shown, excerpt, sources });
        report.push('\n');
    }
    for shown in listed {
        report.push_str(&line(shown, sources));
    }
    if !listed.is_empty() {
        report.push('\n');
    }
    report + &count(&shown)
}

/// `FILE:LINE:COLUMN: error: what (slug)`
fn line(shown: &Shown<'_>, sources: &Sources) -> String {
    let Diagnostic { slug, message, primary, .. } = shown.diagnostic;
    let place = place(primary, sources).map(|place| place + ": ").unwrap_or_default();
    format!("{place}{}: {} ({slug})\n", word(shown.severity), printable_line(&cut(message)))
}

/// `FILE:LINE:COLUMN`
fn place(label: &Label, sources: &Sources) -> Option<String> {
    let source = sources.get(label.span.source)?;
    let position = source.position(label.span.start);
    Some(format!("{}:{}:{}", printable_line(&source.name), position.line, position.column))
}

/// How a source is printed: at once, or for each diagnostic what stands around its places.
enum Printed<'s> {
    Whole(Excerpt<'s>),
    Around(&'s Source),
}

/// Where the spans of a diagnostic begin and end in its file.
fn places(diagnostic: &Diagnostic) -> Vec<usize> {
    let id = diagnostic.primary.span.source;
    let spans = std::iter::once(&diagnostic.primary).chain(&diagnostic.labels).map(|label| label.span);
    spans.filter(|span| span.source == id).flat_map(|span| [span.start as usize, span.end as usize]).collect()
}

fn handler(look: Look) -> GraphicalReportHandler {
    let mut theme = match (look.unicode, look.colour) {
        (true, true) => GraphicalTheme::unicode(),
        (true, false) => GraphicalTheme::unicode_nocolor(),
        (false, true) => GraphicalTheme::ascii(),
        (false, false) => GraphicalTheme::none(),
    };
    // Words carry the severity where colours and signs are not seen.
    theme.characters.error = "error:".to_owned();
    theme.characters.warning = "warning:".to_owned();
    GraphicalReportHandler::new_themed(theme).with_width(look.width).with_links(false)
}

/// `2 errors, 1 warning`, without what there is none of.
fn count(shown: &[Shown<'_>]) -> String {
    let count = |severity| {
        let number = shown.iter().filter(|shown| shown.severity == severity).count();
        let plural = if number == 1 { "" } else { "s" };
        (number > 0).then(|| format!("{number} {}{plural}", word(severity)))
    };
    let counts: Vec<_> = [Severity::Error, Severity::Warning].into_iter().filter_map(count).collect();
    if counts.is_empty() { String::new() } else { counts.join(", ") + "\n" }
}

/// A diagnostic in the shape that miette draws.
struct Rendered<'a> {
    shown: &'a Shown<'a>,
    excerpt: Option<&'a Excerpt<'a>>,
    sources: &'a Sources,
}

impl Rendered<'_> {
    /// Labels in the file of the primary span; miette draws one file at a time.
    fn drawn(&self, excerpt: &Excerpt<'_>) -> Vec<LabeledSpan> {
        let primary = &self.shown.diagnostic.primary;
        let near = self.shown.diagnostic.labels.iter().filter(|label| label.span.source == primary.span.source);
        let text = |label: &Label| (!label.text.is_empty()).then(|| printable_line(&cut(&label.text)));
        let place = |label: &Label| -> SourceSpan {
            let (start, end) = (excerpt.offset(label.span.start), excerpt.offset(label.span.end));
            (start, end.saturating_sub(start)).into()
        };
        let first = LabeledSpan::new_primary_with_span(text(primary), place(primary));
        std::iter::once(first).chain(near.map(|label| LabeledSpan::new_with_span(text(label), place(label)))).collect()
    }

    /// A label in another file, as one line.
    fn elsewhere(&self, label: &Label) -> Option<String> {
        Some(format!("{}: {}", place(label, self.sources)?, printable_line(&cut(&label.text))))
    }
}

impl fmt::Debug for Rendered<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.shown.diagnostic.slug)
    }
}

impl fmt::Display for Rendered<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&printable_line(&cut(&self.shown.diagnostic.message)))
    }
}

impl std::error::Error for Rendered<'_> {}

impl miette::Diagnostic for Rendered<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.shown.diagnostic.slug))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.shown.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let diagnostic = self.shown.diagnostic;
        let far = diagnostic.labels.iter().filter(|label| label.span.source != diagnostic.primary.span.source);
        let fix = diagnostic.fix.as_ref().map(|fix| format!("fix: {}", printable_line(&cut(&fix.title))));
        let lines = diagnostic.help.as_deref().map(|help| printable(&cut(help))).into_iter().chain(fix);
        let lines: Vec<_> = lines.chain(far.filter_map(|label| self.elsewhere(label))).collect();
        if lines.is_empty() { None } else { Some(Box::new(lines.join("\n"))) }
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.map(|excerpt| excerpt as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.drawn(self.excerpt?).into_iter()))
    }
}
