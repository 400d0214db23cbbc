//! The table of workflow patterns and the page that proves it say the same.

use std::fs;
use std::path::Path;

/// The patterns of the collection in their order, by the names of the report of 2006.
const PATTERNS: [&str; 43] = [
    "Sequence",
    "Parallel Split",
    "Synchronization",
    "Exclusive Choice",
    "Simple Merge",
    "Multi-Choice",
    "Structured Synchronizing Merge",
    "Multi-Merge",
    "Structured Discriminator",
    "Arbitrary Cycles",
    "Implicit Termination",
    "Multiple Instances without Synchronization",
    "Multiple Instances with a Priori Design-Time Knowledge",
    "Multiple Instances with a Priori Run-Time Knowledge",
    "Multiple Instances without a Priori Run-Time Knowledge",
    "Deferred Choice",
    "Interleaved Parallel Routing",
    "Milestone",
    "Cancel Activity",
    "Cancel Case",
    "Structured Loop",
    "Recursion",
    "Transient Trigger",
    "Persistent Trigger",
    "Cancel Region",
    "Cancel Multiple Instance Activity",
    "Complete Multiple Instance Activity",
    "Blocking Discriminator",
    "Cancelling Discriminator",
    "Structured Partial Join",
    "Blocking Partial Join",
    "Cancelling Partial Join",
    "Generalised AND-Join",
    "Static Partial Join for Multiple Instances",
    "Cancelling Partial Join for Multiple Instances",
    "Dynamic Partial Join for Multiple Instances",
    "Acyclic Synchronizing Merge",
    "General Synchronizing Merge",
    "Critical Section",
    "Interleaved Routing",
    "Thread Merge",
    "Thread Split",
    "Explicit Termination",
];

/// A row of the table.
struct Row {
    number: String,
    /// Where its proof stands.
    link: Option<String>,
    name: String,
    verdict: String,
    reason: String,
}

fn text(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("a page of the checkout")
}

fn row(line: &str) -> Option<Row> {
    let cells: Vec<&str> = line.split(" | ").map(|cell| cell.trim_matches(['|', ' '])).collect();
    let [pattern, name, verdict, reason] = cells.as_slice() else { return None };
    let (number, link) = match pattern.strip_prefix('[').and_then(|linked| linked.split_once("](")) {
        Some((number, link)) => (number, Some(link.trim_end_matches(')').to_owned())),
        None => (*pattern, None),
    };
    let owned = |text: &str| text.to_owned();
    Some(Row { number: owned(number), link, name: owned(name), verdict: owned(verdict), reason: owned(reason) })
}

fn rows() -> Vec<Row> {
    let table = text("docs/workflow-patterns.md");
    table.lines().filter(|line| line.contains("WCP-") && line.starts_with('|')).filter_map(row).collect()
}

/// The headings of the page, such as "WCP-1 Sequence".
fn headings() -> Vec<String> {
    let page = text("tests/language/patterns.md");
    page.lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_owned).collect()
}

/// What a heading is called in a link.
fn anchor(heading: &str) -> String {
    heading.to_lowercase().replace(' ', "-")
}

#[test]
fn all_patterns_stand_in_the_table_in_their_order() {
    let patterns: Vec<String> = rows().into_iter().map(|row| format!("{} {}", row.number, row.name)).collect();
    let expected = PATTERNS.iter().zip(1..).map(|(name, number)| format!("WCP-{number} {name}"));
    assert_eq!(patterns, expected.collect::<Vec<_>>());
}

#[test]
fn what_is_supported_is_proven_and_nothing_else() {
    let supported = rows().into_iter().filter(|row| row.verdict != "no");
    let claimed: Vec<String> = supported.map(|row| format!("{} {}", row.number, row.name)).collect();
    assert_eq!(claimed, headings());
}

#[test]
fn every_row_has_its_verdict_its_link_and_its_reason() {
    for Row { number, link, name, verdict, reason } in rows() {
        let proof = format!("../tests/language/patterns.md#{}", anchor(&format!("{number} {name}")));
        let expected = match verdict.as_str() {
            "yes" | "in part" => Some(proof),
            "no" => None,
            _ => panic!("{number}: {verdict:?} is no verdict"),
        };
        assert_eq!(link, expected, "the link of {number}");
        assert!(reason.ends_with('.'), "{number} has no sentence: {reason:?}");
    }
}

#[test]
fn every_page_that_the_table_links_is_there() {
    let table = text("docs/workflow-patterns.md");
    for link in table.split("](").skip(1).filter_map(|after| after.split([')', '#']).next()) {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(link);
        assert!(page.is_file(), "there is no page {link}");
    }
}

#[test]
fn every_proof_is_run() {
    let page = text("tests/language/patterns.md");
    for part in page.split("\n## ").skip(1) {
        let heading = part.lines().next().unwrap_or_default();
        assert!(part.contains("\n```wf\n") && part.contains("\n```run"), "{heading} runs nothing");
    }
}
