//! A plan as a page that stands alone: the picture, then all that is said of each statement, folded by blocks.

use super::svg::{self, escaped};
use super::words;
use crate::report::printable;
use std::fmt::Write as _;
use wf_model::plan::{Node, NodeId, Plan, State};

const STYLE: &str = "\
:root{color-scheme:light dark;--quiet:#6b7280;--line:#d5d9e0;--critical:#c62828}\
@media(prefers-color-scheme:dark){:root{--quiet:#9aa3af;--line:#3a4049;--critical:#ff7b72}body{background:#14171b;color:#e6e8eb}}\
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem}\
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}p{margin:.25rem 0}\
code,pre,summary,.leaf{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;font-size:13px}\
pre{margin:.25rem 0;white-space:pre-wrap;overflow-wrap:anywhere}.picture{overflow-x:auto;border:1px solid var(--line);border-radius:6px}\
.quiet{color:var(--quiet)}.critical>summary>b,.leaf.critical>b{color:var(--critical)}.left{opacity:.55}\
details,.leaf{margin:.15rem 0 .15rem .25rem;padding-left:.75rem;border-left:2px solid var(--line);overflow-wrap:anywhere}\
summary{cursor:pointer}.critical{border-left-color:var(--critical)}";

/// Writes a plan.
pub(super) fn write(plan: &Plan) -> String {
    let heading = escaped(&words::heading(plan));
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{heading}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{heading}</h1>\n"
    );
    let mut paragraph = |class: &str, text: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "<p class=\"{class}\">{}</p>", escaped(text));
    };
    plan.doc.iter().for_each(|doc| paragraph("", doc));
    paragraph("", &words::outlook(plan));
    paragraph("quiet", &words::bases(plan));
    words::parameters(plan).for_each(|parameter| paragraph("quiet", &parameter));
    let critical: Vec<String> = words::critical_path(plan).into_iter().map(words::reference).collect();
    paragraph("", &format!("critical path: {}", words::few(&critical)));
    plan.advice.iter().for_each(|advice| paragraph("", &words::advice(plan, advice)));
    let _ = writeln!(page, "<div class=\"picture\">\n{}</div>\n<h2>Statements</h2>", svg::write(plan));
    let mut open: Vec<NodeId> = Vec::new();
    for node in &plan.nodes {
        while open.pop_if(|end| *end <= node.id).is_some() {
            page.push_str("</details>\n");
        }
        page.push_str(&entry(node, &mut open));
    }
    open.iter().for_each(|_| page.push_str("</details>\n"));
    for output in &plan.outputs {
        let value = output.value.as_deref().unwrap_or("known when it runs");
        let _ = writeln!(page, "<p class=\"quiet\">output {} = {}</p>", escaped(&output.name), escaped(value));
    }
    page + "</body>\n</html>\n"
}

/// A statement: what is inside it stands behind its notes.
fn entry(node: &Node, open: &mut Vec<NodeId>) -> String {
    let mut classes = Vec::new();
    classes.extend(words::is_critical(node).then_some("critical"));
    classes.extend(matches!(node.state, State::NotTaken { .. }).then_some("left"));
    let title = format!("<b>{}</b> <span class=\"quiet\">{}</span>", escaped(&words::title(node)), escaped(&facts(node)));
    let mut notes = String::new();
    let action = node.action.as_deref().filter(|action| node.kind.is_step() || node.name.is_some() && !action.is_empty());
    for note in action.map(ToOwned::to_owned).into_iter().chain(words::notes(node)) {
        let _ = writeln!(notes, "<pre>{}</pre>", escaped(&note));
    }
    if let Some(preview) = &node.preview {
        let lines: Vec<String> = printable(preview).lines().map(escaped).collect();
        let _ = writeln!(notes, "<pre>{}</pre>", lines.join("\n"));
    }
    if node.end.0 > node.id.0 + 1 {
        open.push(node.end);
        let unfolded = if matches!(node.state, State::NotTaken { .. }) { "" } else { " open" };
        return format!("<details class=\"{}\"{unfolded}><summary>{title}</summary>\n{notes}", classes.join(" "));
    }
    classes.push("leaf");
    format!("<div class=\"{}\">{title}\n{notes}</div>\n", classes.join(" "))
}

/// What a node is and when it runs, in a row.
fn facts(node: &Node) -> String {
    let mut facts: Vec<String> = vec![node.kind.word().to_owned()];
    facts.push(words::effect(node).to_owned());
    match (&node.state, &node.timing) {
        (State::NotTaken { .. }, _) => facts.push("not taken".to_owned()),
        (_, Some(timing)) => {
            facts.push(format!("from {} for {}", words::column(Some(timing.starts)), words::column(Some(timing.takes))));
            facts.extend(
                timing.slack.filter(|slack| slack.milliseconds > 0).map(|slack| format!("slack {}", words::column(Some(slack)))),
            );
        }
        (_, None) => {}
    }
    facts.push(format!("{}:{}", node.location.file, node.location.line));
    facts.retain(|fact| !fact.is_empty());
    facts.join(" · ")
}
