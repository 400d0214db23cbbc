//! A plan as a picture: a row for each statement, a bar from its start to its end, the slack behind it, what waits for what.

use super::words;
use crate::report::{markup, printable_line};
use std::fmt::Write as _;
use wf_model::plan::{Node, NodeKind, Plan, State};
use wf_model::unit::{DURATION_UNITS, Duration};

/// Height of a row.
const ROW: u32 = 22;

/// Where the first row begins.
const TOP: u32 = 78;

/// Width of a character of the names.
const CHARACTER: f64 = 7.25;

/// Width of the time axis.
const AXIS: f64 = 620.0;

/// Room behind the axis for the times of the last bars.
const BEHIND: f64 = 190.0;

/// More rows than these are not drawn.
const MOST_ROWS: usize = 5_000;

/// With more arrows than these none is drawn: nobody could follow one.
const MOST_ARROWS: usize = 3_000;

/// Longer names are cut.
const LONGEST_NAME: usize = 90;

/// About so many marks stand on the axis.
const MARKS: i64 = 7;

const STYLE: &str = "\
.plan{--ink:#1f2328;--quiet:#6b7280;--line:#d5d9e0;--paper:#ffffff;--bar:#4c78a8;--block:#b6c4d6;--critical:#c62828}\
@media(prefers-color-scheme:dark){.plan{--ink:#e6e8eb;--quiet:#9aa3af;--line:#3a4049;--paper:#14171b;--bar:#6f9fd0;--block:#43556b;--critical:#ff7b72}}\
.plan text{font:12px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:var(--ink);white-space:pre}\
.plan .head{font-size:15px;font-weight:600}.plan .quiet{fill:var(--quiet)}.plan .critical{fill:var(--critical);font-weight:600}\
.plan .paper{fill:var(--paper)}.plan .stripe{fill:var(--line);opacity:.22}.plan .mark{stroke:var(--line)}\
.plan .bar{fill:var(--bar)}.plan .block{fill:var(--block)}.plan .bar.hot,.plan .block.hot{fill:var(--critical)}.plan .block.hot{opacity:.45}\
.plan .open{fill-opacity:.25;stroke:var(--bar);stroke-dasharray:3 2}.plan .open.hot{stroke:var(--critical)}\
.plan .slack{stroke:var(--quiet);stroke-width:1.5;opacity:.6}\
.plan .arrow{fill:none;stroke:var(--quiet);opacity:.45}.plan .arrow.hot{stroke:var(--critical);opacity:.9;stroke-width:1.5}";

/// Where things are.
struct Layout<'a> {
    plan: &'a Plan,
    /// Where the time axis begins.
    left: f64,
    /// How long it is, in milliseconds.
    whole: i64,
}

/// Writes a plan.
pub(super) fn write(plan: &Plan) -> String {
    let shown = plan.nodes.get(..MOST_ROWS).unwrap_or(&plan.nodes);
    let ends = shown.iter().filter_map(|node| node.timing).map(|timing| timing.starts.milliseconds + timing.takes.milliseconds);
    let names = shown.iter().map(|node| 2 * plan.depth(node) + name(node).chars().count());
    let left = 24.0 + CHARACTER * f64::from(u32::try_from(names.max().unwrap_or(0)).unwrap_or(0));
    let layout = Layout { plan, left: left.max(160.0), whole: ends.max().unwrap_or(0).max(1) };
    layout.write(shown)
}

impl Layout<'_> {
    fn write(&self, shown: &[Node]) -> String {
        let rows = u32::try_from(shown.len()).unwrap_or(u32::MAX);
        let (width, height) = (self.left + AXIS + BEHIND, TOP + rows.saturating_mul(ROW) + 44);
        let mut svg = String::new();
        // Writing to a string cannot fail.
        let _ = writeln!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plan\" width=\"{width:.0}\" height=\"{height}\" viewBox=\"0 0 {width:.0} {height}\" role=\"img\">\n<title>{}</title>\n<style>{STYLE}</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>",
            escaped(&words::heading(self.plan))
        );
        let _ = writeln!(svg, "<text class=\"head\" x=\"12\" y=\"24\">{}</text>", escaped(&words::heading(self.plan)));
        let _ = writeln!(svg, "<text class=\"quiet\" x=\"12\" y=\"44\">{}</text>", escaped(&words::outlook(self.plan)));
        self.axis(rows, &mut svg);
        self.arrows(shown, &mut svg);
        for (node, row) in shown.iter().zip(0..) {
            self.row(node, row, &mut svg);
        }
        let left_out = self.plan.nodes.len() - shown.len();
        let more = if left_out > 0 { format!("   … {left_out} more are not drawn") } else { String::new() };
        let _ = writeln!(
            svg,
            "<text class=\"quiet\" x=\"12\" y=\"{}\"><tspan class=\"critical\">critical path</tspan>   dashed: decided at run time   thin line: slack{more}</text>\n</svg>",
            height - 16
        );
        svg
    }

    /// Where a time is.
    #[expect(clippy::cast_precision_loss, reason = "a pixel is not that exact")]
    fn x(&self, milliseconds: i64) -> f64 {
        self.left + AXIS * (milliseconds.clamp(0, self.whole) as f64 / self.whole as f64)
    }

    fn axis(&self, rows: u32, svg: &mut String) {
        let step = step(self.whole);
        let mut at = 0;
        while at <= self.whole {
            let (x, end) = (self.x(at), TOP + rows.saturating_mul(ROW));
            let _ = writeln!(
                svg,
                "<line class=\"mark\" x1=\"{x:.1}\" y1=\"{}\" x2=\"{x:.1}\" y2=\"{end}\"/><text class=\"quiet\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                TOP - 6,
                TOP - 12,
                Duration { milliseconds: at }
            );
            at = at.saturating_add(step);
        }
    }

    fn row(&self, node: &Node, row: u32, svg: &mut String) {
        let top = TOP + row.saturating_mul(ROW);
        let critical = words::is_critical(node);
        let indent = 12.0 + 2.0 * CHARACTER * f64::from(u32::try_from(self.plan.depth(node)).unwrap_or(0));
        let class = match node.state {
            State::NotTaken { .. } => "quiet",
            _ if critical && node.kind.is_step() => "critical",
            _ => "",
        };
        if row % 2 == 1 {
            let _ = writeln!(svg, "<rect class=\"stripe\" x=\"0\" y=\"{top}\" width=\"100%\" height=\"{ROW}\"/>");
        }
        let tip: Vec<String> = node.action.iter().map(ToString::to_string).chain(words::notes(node)).collect();
        let _ = writeln!(svg, "<g><title>{}</title>", escaped(&tip.join(" · ")));
        let _ = writeln!(svg, "<text class=\"{class}\" x=\"{indent:.1}\" y=\"{}\">{}</text>", top + 15, escaped(&name(node)));
        match (&node.state, &node.timing) {
            (State::NotTaken { .. }, _) => self.remark("not taken", top, svg),
            (_, None) => {
                let is_handler = matches!(node.kind, NodeKind::Handler { .. });
                self.remark(if is_handler { "only when it comes to that" } else { "" }, top, svg);
            }
            (_, Some(timing)) => self.bar(node, (timing.starts, timing.takes, timing.slack), top, svg),
        }
        svg.push_str("</g>\n");
    }

    fn remark(&self, text: &str, top: u32, svg: &mut String) {
        let _ = writeln!(svg, "<text class=\"quiet\" x=\"{:.1}\" y=\"{}\">{text}</text>", self.left + 6.0, top + 15);
    }

    fn bar(&self, node: &Node, (starts, takes, slack): (Duration, Duration, Option<Duration>), top: u32, svg: &mut String) {
        let over = starts.milliseconds.saturating_add(takes.milliseconds);
        let (begin, end) = (self.x(starts.milliseconds), self.x(over));
        let width = (end - begin).max(2.0);
        let is_block = node.end.0 > node.id.0 + 1;
        let (sort, y, height) = if is_block { ("block", top + 8, 6) } else { ("bar", top + 4, 14) };
        let hot = if words::is_critical(node) { " hot" } else { "" };
        let open = if matches!(node.state, State::Open { .. }) { " open" } else { "" };
        let _ = writeln!(
            svg,
            "<rect class=\"{sort}{hot}{open}\" x=\"{begin:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"{height}\" rx=\"2\"/>"
        );
        let mut behind = begin + width;
        if let Some(slack) = slack.filter(|slack| slack.milliseconds > 0 && !is_block) {
            let until = self.x(over.saturating_add(slack.milliseconds)).max(behind);
            let _ = writeln!(svg, "<line class=\"slack\" x1=\"{behind:.1}\" y1=\"{0}\" x2=\"{until:.1}\" y2=\"{0}\"/>", top + 11);
            behind = until;
        }
        let mut said = if takes.milliseconds > 0 { words::column(Some(takes)) } else { String::new() };
        let effect = words::effect(node);
        said += if said.is_empty() || effect.is_empty() { "" } else { " " };
        let _ = writeln!(svg, "<text class=\"quiet\" x=\"{:.1}\" y=\"{}\">{said}{effect}</text>", behind + 6.0, top + 15);
    }

    fn arrows(&self, shown: &[Node], svg: &mut String) {
        let arrows = words::edges(self.plan).filter(|(before, after)| before.id.index().max(after.id.index()) < shown.len());
        let arrows: Vec<_> = arrows.take(MOST_ARROWS + 1).collect();
        if arrows.len() > MOST_ARROWS {
            return;
        }
        for (before, after) in arrows {
            let (Some(first), Some(second)) = (before.timing, after.timing) else { continue };
            let over = self
                .x(first.starts.milliseconds.saturating_add(first.takes.milliseconds))
                .max(self.x(first.starts.milliseconds) + 2.0);
            let (from, to) = (TOP + before.id.0 * ROW + ROW / 2, TOP + after.id.0 * ROW + ROW / 2);
            let hot = if words::is_critical(before) && words::is_critical(after) { " hot" } else { "" };
            let _ = writeln!(
                svg,
                "<path class=\"arrow{hot}\" d=\"M{over:.1} {from}V{to}H{:.1}\"/>",
                self.x(second.starts.milliseconds)
            );
        }
    }
}

/// How far the marks of an axis are from each other: a number of a unit that people count in.
fn step(whole: i64) -> i64 {
    let of_unit = |worth: i64| -> &'static [i64] {
        if worth == 1 { &[1, 2, 5, 10, 20, 50, 100, 200, 500] } else { &[1, 2, 5, 10, 15, 30] }
    };
    let steps = DURATION_UNITS.iter().flat_map(|(_, worth)| of_unit(*worth).iter().map(|count| worth.saturating_mul(*count)));
    steps.filter(|step| whole / step < MARKS).min().unwrap_or(whole)
}

fn name(node: &Node) -> String {
    let title = printable_line(&words::title(node));
    match title.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => title.get(..end).unwrap_or_default().to_owned() + "…",
        None => title,
    }
}

/// A text that means nothing to XML and HTML, on one line.
pub(super) fn escaped(text: &str) -> String {
    markup(&printable_line(text))
}
