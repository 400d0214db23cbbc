//! A plan for a terminal: a tree of what runs, with columns of times.

use super::words;
use crate::report::{cut, printable, printable_line};
use wf_model::plan::{Node, Plan, State};

/// The columns of effects and times.
const COLUMNS: usize = 42;

/// Fewer columns than these break the table.
const NARROWEST: usize = 64;

/// More columns are left empty.
const WIDEST: usize = 100;

/// Deeper blocks are not moved further to the right.
const DEEPEST: usize = 12;

/// Writes a plan for a terminal of so many columns.
pub(super) fn write(plan: &Plan, width: usize) -> String {
    let page = Page { width: width.clamp(NARROWEST, WIDEST) };
    let mut text = page.heading(plan);
    if !plan.nodes.is_empty() {
        text += &page.row("  ", "", ["effect", "starts", "takes", "slack"].map(str::to_owned));
    }
    for node in &plan.nodes {
        text += &page.entry(plan, node);
    }
    text += &page.footing(plan);
    text
}

/// What the text is written on.
struct Page {
    /// Columns.
    width: usize,
}

impl Page {
    /// Where the columns of effects and times begin.
    const fn tree(&self) -> usize {
        self.width - COLUMNS
    }

    /// What is planned, with what and in which time.
    fn heading(&self, plan: &Plan) -> String {
        let mut text = self.wrapped(&words::heading(plan), 0);
        if let Some(doc) = &plan.doc {
            text += &self.wrapped(doc.lines().next().unwrap_or_default(), 2);
        }
        words::parameters(plan).for_each(|parameter| text += &self.wrapped(&cut(&parameter), 2));
        text += "\n";
        text += &self.wrapped(&words::outlook(plan), 0);
        let bases = words::bases(plan);
        if !bases.is_empty() {
            text += &self.wrapped(&bases, 0);
        }
        text + "\n"
    }

    /// A node with all that is said of it.
    fn entry(&self, plan: &Plan, node: &Node) -> String {
        let indent = plan.depth(node).min(DEEPEST) * 2 + 2;
        let title = printable_line(&words::title(node));
        let action = node.action.as_deref().map(printable_line).filter(|action| *action != title);
        let room = self.tree().saturating_sub(indent + title.chars().count() + 2);
        let separator = if matches!(node.kind, wf_model::plan::NodeKind::Let) { " = " } else { ": " };
        let (title, action) = match action {
            Some(action) if node.kind.is_step() || separator == " = " => {
                if action.chars().count() < room {
                    (format!("{title}{separator}{action}"), None)
                } else {
                    (title, Some(action))
                }
            }
            _ => (title, None),
        };
        let mark = match &node.state {
            State::NotTaken { .. } => "- ",
            State::Open { .. } => "? ",
            State::Runs { .. } if words::is_critical(node) => "* ",
            State::Runs { .. } => "  ",
        };
        let mut text = self.row(mark, &format!("{:width$}{title}", "", width = indent - 2), columns(node));
        let inner = indent + 4;
        action.into_iter().chain(words::notes(node)).for_each(|note| text += &self.wrapped(&cut(&note), inner));
        for line in node.preview.as_deref().map(printable).iter().flat_map(|lines| lines.lines()) {
            text += &format!("{:inner$}{line}\n", "");
        }
        text
    }

    /// A line of the table; a long title has the columns on a line of their own.
    fn row(&self, mark: &str, title: &str, [effect, starts, takes, slack]: [String; 4]) -> String {
        let columns = format!("{effect:<10}{starts:>10}{takes:>10}{slack:>10}");
        let columns = columns.trim_end();
        if columns.is_empty() {
            return self.folded(&format!("{mark}{title}"));
        }
        if title.chars().count() + 3 <= self.tree() {
            let width = self.tree() - 2;
            return format!("{mark}{title:<width$}{columns}\n");
        }
        let tree = self.tree();
        format!("{}{:tree$}{columns}\n", self.folded(&format!("{mark}{title}")), "")
    }

    fn footing(&self, plan: &Plan) -> String {
        let mut text = String::from("\n* critical path   ? decided at run time   - not taken\n");
        let critical: Vec<String> = words::critical_path(plan).into_iter().map(words::reference).collect();
        if !critical.is_empty() {
            text += &self.wrapped(&format!("critical path: {}", critical.join(" → ")), 0);
        }
        for output in &plan.outputs {
            let value = output.value.as_deref().unwrap_or("known when it runs");
            text += &self.wrapped(&cut(&format!("output {} = {value}", output.name)), 0);
        }
        for (index, advice) in plan.advice.iter().enumerate() {
            text += if index == 0 { "\ncould be faster\n" } else { "" };
            text += &self.wrapped(&words::advice(plan, advice), 2);
        }
        text
    }

    /// A text in lines that fit, each behind blanks.
    fn wrapped(&self, text: &str, indent: usize) -> String {
        let text = printable_line(text);
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        let mut room = self.width - indent;
        for word in text.split(' ') {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
                lines.push(std::mem::take(&mut line));
                // What goes on is told by its place.
                room = self.width - indent - 2;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
            while line.chars().count() > room {
                let rest = line.split_off(line.char_indices().nth(room).map_or(line.len(), |(at, _)| at));
                lines.push(std::mem::replace(&mut line, rest));
                room = self.width - indent - 2;
            }
        }
        lines.push(line);
        let place =
            |(index, line): (usize, &String)| format!("{:width$}{line}\n", "", width = indent + if index == 0 { 0 } else { 2 });
        lines.iter().enumerate().map(place).collect()
    }

    /// A line that is broken where it is too long, without its blanks at the beginning being lost.
    fn folded(&self, line: &str) -> String {
        let blanks = line.chars().take_while(|c| *c == ' ').count();
        let text: String = line.chars().skip(blanks).collect();
        self.wrapped(&text, blanks)
    }
}

fn columns(node: &Node) -> [String; 4] {
    let effect = words::effect(node).to_owned();
    match (&node.state, &node.timing) {
        (State::NotTaken { .. }, _) => ["not taken".to_owned(), String::new(), String::new(), String::new()],
        (_, None) => [effect, String::new(), String::new(), String::new()],
        (_, Some(timing)) => {
            [effect, words::column(Some(timing.starts)), words::column(Some(timing.takes)), words::column(timing.slack)]
        }
    }
}
