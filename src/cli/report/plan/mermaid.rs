//! A plan as a flow chart for Mermaid, which forges and wikis draw: blocks are subgraphs.

use super::words;
use crate::report::printable_line;
use std::fmt::Write as _;
use wf_model::plan::{Node, NodeId, Plan, State};

/// Writes a plan.
pub(super) fn write(plan: &Plan) -> String {
    let mut text = format!("---\ntitle: {}\n---\nflowchart LR\n", title(&words::heading(plan)));
    let mut open: Vec<NodeId> = Vec::new();
    let mut critical: Vec<String> = Vec::new();
    for node in &plan.nodes {
        while open.pop_if(|end| *end <= node.id).is_some() {
            text.push_str("  end\n");
        }
        let (name, label) = (name(node), escaped(&words::label(node)));
        // Writing to a string cannot fail.
        if node.end.0 > node.id.0 + 1 {
            let _ = writeln!(text, "  subgraph {name}[\"{label}\"]");
            open.push(node.end);
        } else {
            let class = match node.state {
                State::Runs { .. } => "",
                State::Open { .. } => ":::open",
                State::NotTaken { .. } => ":::left",
            };
            let _ = writeln!(text, "  {name}[\"{label}\"]{class}");
        }
        critical.extend(words::is_critical(node).then_some(name));
    }
    open.iter().for_each(|_| text.push_str("  end\n"));
    for (before, after) in words::edges(plan) {
        let arrow = if words::is_critical(before) && words::is_critical(after) { "==>" } else { "-->" };
        let _ = writeln!(text, "  {} {arrow} {}", name(before), name(after));
    }
    text.push_str("  classDef open stroke-dasharray: 5 5\n  classDef left stroke-dasharray: 1 4,color:#888\n");
    text.push_str("  classDef critical stroke:#c62828,stroke-width:3px\n");
    if !critical.is_empty() {
        let _ = writeln!(text, "  class {} critical", critical.join(","));
    }
    text
}

fn name(node: &Node) -> String {
    format!("n{}", node.id.0)
}

/// A title is YAML there.
fn title(text: &str) -> String {
    format!("'{}'", printable_line(text).replace('\'', "''"))
}

/// A text that means nothing to Mermaid nor to HTML: everything but letters, digits and a few signs by its number.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, character| {
        if character.is_alphanumeric() || " .,:_-/+=×".contains(character) {
            escaped.push(character);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "#{};", u32::from(character));
        }
        escaped
    })
}
