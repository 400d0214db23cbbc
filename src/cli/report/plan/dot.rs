//! A plan as a graph for Graphviz: blocks are clusters.

use super::words;
use crate::report::printable;
use std::fmt::Write as _;
use wf_model::plan::{Node, NodeId, Plan, State};

/// Writes a plan.
pub(super) fn write(plan: &Plan) -> String {
    let mut text = String::from(
        "digraph plan {\n  compound=true; rankdir=LR; fontname=\"sans-serif\";\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n",
    );
    // Writing to a string cannot fail.
    let _ = writeln!(text, "  label={}; labelloc=t;", quoted(&words::heading(plan)));
    let mut open: Vec<NodeId> = Vec::new();
    for node in &plan.nodes {
        while open.pop_if(|end| *end <= node.id).is_some() {
            text.push_str("  }\n");
        }
        let colour = if words::is_critical(node) { ", color=\"#c62828\", penwidth=2" } else { "" };
        let label = quoted(&words::label(node));
        if is_block(node) {
            // What is said of a cluster holds for those inside it too.
            let colour = if colour.is_empty() { "color=gray; penwidth=1" } else { "color=\"#c62828\"; penwidth=2" };
            let _ = writeln!(
                text,
                "  subgraph cluster_{0} {{\n  label={label}; {colour}\n  n{0} [shape=point, style=invis];",
                node.id.0
            );
            open.push(node.end);
        } else {
            let style = match node.state {
                State::Runs { .. } => "",
                State::Open { .. } => ", style=\"rounded,dashed\"",
                State::NotTaken { .. } => ", style=\"rounded,dotted\", fontcolor=gray, color=gray",
            };
            let _ = writeln!(text, "  n{} [label={label}{style}{colour}];", node.id.0);
        }
    }
    open.iter().for_each(|_| text.push_str("  }\n"));
    for (before, after) in words::edges(plan) {
        let tail = if is_block(before) { format!("ltail=cluster_{}", before.id.0) } else { String::new() };
        let head = if is_block(after) { format!("lhead=cluster_{}", after.id.0) } else { String::new() };
        let colour = if words::is_critical(before) && words::is_critical(after) { "color=\"#c62828\"" } else { "" };
        let attributes: Vec<&str> = [tail.as_str(), head.as_str(), colour].into_iter().filter(|text| !text.is_empty()).collect();
        let _ = writeln!(text, "  n{} -> n{} [{}];", before.id.0, after.id.0, attributes.join(", "));
    }
    text + "}\n"
}

fn is_block(node: &Node) -> bool {
    node.end.0 > node.id.0 + 1
}

/// A text that means nothing to Graphviz.
fn quoted(text: &str) -> String {
    format!("\"{}\"", printable(text).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
