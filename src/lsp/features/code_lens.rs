//! `textDocument/codeLens`: what can be done with a workflow or a test. The commands are the client's.

use super::outline::{self, Declaration, What};
use crate::snapshot::Snapshot;
use crate::types::{CodeLens, Command};
use serde_json::json;

const OF_WORKFLOWS: [&str; 5] = ["check", "plan", "run", "test", "rehearse"];

/// The lenses of a document.
pub(crate) fn document(snapshot: &Snapshot) -> Vec<CodeLens> {
    outline::of(snapshot.file()).iter().flat_map(|declaration| lenses(snapshot, declaration)).collect()
}

fn lenses(snapshot: &Snapshot, declaration: &Declaration<'_>) -> Vec<CodeLens> {
    let commands: &[&str] = match declaration.what {
        What::Workflow => &OF_WORKFLOWS,
        What::Test => &["test"],
        What::Type
        | What::Let
        | What::Param
        | What::Secret
        | What::Output
        | What::Step
        | What::Block
        | What::Variable
        | What::Checkpoint
        | What::Handler => &[],
    };
    let lens = |title: &&str| CodeLens {
        range: snapshot.range(declaration.name_span),
        command: Some(Command {
            title: (*title).to_owned(),
            command: format!("wfc.{title}"),
            arguments: Some(vec![json!(snapshot.uri.as_str()), json!(declaration.name)]),
        }),
        data: None,
    };
    commands.iter().map(lens).collect()
}
