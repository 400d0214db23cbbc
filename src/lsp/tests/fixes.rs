//! Quick fixes.

use super::Editor;
use super::editor::edited;
use serde_json::json;

#[tokio::test]
async fn the_fix_of_a_diagnostic_is_a_quick_fix_for_its_place() {
    let mut editor = Editor::plain().await;
    let text = "workflow main {\n  param region: string\n  step a: shell \"echo ${regoin}\" { reads only }\n}\n";
    editor.open("main.wf", text).await;
    let document = editor.document("main.wf");
    let at = |line, character| json!({ "line": line, "character": character });
    let ask = |range| json!({ "textDocument": document, "range": range, "context": { "diagnostics": [] } });
    let here = ask(json!({ "start": at(2, 24), "end": at(2, 24) }));
    let actions = editor.request("textDocument/codeAction", here).await;
    assert_eq!((&actions[0]["kind"], &actions[0]["diagnostics"][0]["code"]), (&json!("quickfix"), &json!("unknown-name")));
    let edits = &actions[0]["edit"]["changes"][editor.uri("main.wf")];
    assert_eq!(edited(text, edits), text.replace("regoin", "region"));
    let elsewhere = ask(json!({ "start": at(0, 0), "end": at(1, 0) }));
    assert_eq!(editor.request("textDocument/codeAction", elsewhere).await, json!([]));
}
