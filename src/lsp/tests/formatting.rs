//! Formatting.

use super::Editor;
use super::editor::edited;
use serde_json::json;

const TEXT: &str = "workflow main {\nstep a: shell \"true\" { reads only }\n  step b: shell \"true\" { reads only }\n step c: shell \"true\" { reads only }\n}\n";

#[tokio::test]
async fn a_document_is_laid_out_as_wfc_fmt_does_line_by_line() {
    let mut editor = Editor::plain().await;
    editor.open("main.wf", TEXT).await;
    let options = json!({ "tabSize": 8, "insertSpaces": false });
    let params = json!({ "textDocument": editor.document("main.wf"), "options": options });
    let edits = editor.request("textDocument/formatting", params.clone()).await;
    assert_eq!(edited(TEXT, &edits), wf_syntax::format(TEXT).unwrap());
    assert_eq!(edits.as_array().unwrap().len(), 2, "what is right already stays: {edits}");
    let range = json!({ "start": { "line": 3, "character": 0 }, "end": { "line": 3, "character": 5 } });
    let params_of_range = json!({ "textDocument": editor.document("main.wf"), "options": options, "range": range });
    let edits = editor.request("textDocument/rangeFormatting", params_of_range).await;
    assert_eq!(edited(TEXT, &edits), TEXT.replace("\n step c", "\n  step c"));
    editor.replace("main.wf", "workflow main {\n step\n").await;
    assert_eq!(editor.request("textDocument/formatting", params).await, json!(null), "what cannot be read is left alone");
}
