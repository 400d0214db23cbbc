//! Diagnostics, pushed and pulled.

use super::Editor;
use super::editor::slugs;
use serde_json::json;

const BAD: &str = "workflow main {\n  param a: int\n  param a: int\n  step b: shell \"echo ${nmae}\"\n}\n";

#[tokio::test]
async fn a_diagnostic_says_what_wfc_check_says_with_further_places() {
    let mut editor = Editor::plain().await;
    editor.open("main.wf", BAD).await;
    let params = editor.called("textDocument/publishDiagnostics").await;
    let found = &params["diagnostics"][0];
    assert_eq!((&found["code"], &found["source"], &found["severity"]), (&json!("duplicate-name"), &json!("wfc"), &json!(1)));
    assert_eq!(found["range"]["start"], json!({ "line": 2, "character": 8 }));
    let message = found["message"].as_str().unwrap();
    assert!(message.starts_with("`a` is the name of another value\ndeclared again") && message.contains("\nhelp: "), "{message}");
    let related = &found["relatedInformation"][0]["location"];
    assert_eq!(related["range"]["start"], json!({ "line": 1, "character": 8 }));
    assert_eq!(related["uri"], editor.uri("main.wf"));
}

#[tokio::test]
async fn a_client_that_pulls_is_not_pushed_to_and_learns_what_did_not_change() {
    let capabilities =
        json!({ "textDocument": { "diagnostic": {} }, "workspace": { "diagnostics": { "refreshSupport": true } } });
    let mut editor = Editor::with(capabilities).await;
    editor.open("main.wf", BAD).await;
    let document = editor.document("main.wf");
    let report = editor.request("textDocument/diagnostic", json!({ "textDocument": document })).await;
    assert_eq!((&report["kind"], slugs(&report["items"])[0].as_str()), (&json!("full"), "duplicate-name"));
    let again = json!({ "textDocument": document, "previousResultId": report["resultId"] });
    assert_eq!(editor.request("textDocument/diagnostic", again).await["kind"], "unchanged");
    editor.open("other.wf", "use \"./main.wf\" as m\nworkflow o { step a: m.main }\n").await;
    editor.called("workspace/diagnostic/refresh").await;
    assert!(editor.inbox().all(|message| message["method"] != "textDocument/publishDiagnostics"));
}

#[tokio::test]
async fn the_whole_workspace_is_reported_on_open_or_not() {
    let mut editor = Editor::with(json!({ "textDocument": { "diagnostic": {} } })).await;
    editor.write("closed.wf", BAD);
    editor.open("open.wf", "workflow main {\n  step a: nothing\n}\n").await;
    let report = editor.request("workspace/diagnostic", json!({ "previousResultIds": [] })).await;
    let items = report["items"].as_array().unwrap();
    let of = |name: &str| items.iter().find(|item| item["uri"] == editor.uri(name)).unwrap();
    assert_eq!(slugs(&of("open.wf")["items"]), ["unknown-kind"]);
    assert_eq!(slugs(&of("closed.wf")["items"])[0], "duplicate-name");
    let known = json!([{ "uri": editor.uri("closed.wf"), "value": of("closed.wf")["resultId"] }]);
    let again = editor.request("workspace/diagnostic", json!({ "previousResultIds": known })).await;
    let kinds: Vec<_> = again["items"].as_array().unwrap().iter().map(|item| item["kind"].clone()).collect();
    assert_eq!(kinds, ["unchanged", "full"]);
}

#[tokio::test]
async fn files_that_change_on_disk_are_watched_and_looked_at_again() {
    let capabilities = json!({ "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } } });
    let mut editor = Editor::with(capabilities).await;
    let asked = editor.called("client/registerCapability").await;
    assert_eq!(asked["registrations"][0]["registerOptions"]["watchers"][0]["globPattern"], "**/*.wf");
    editor.open("main.wf", "use \"./lib.wf\" (go)\nworkflow main { step a: go }\n").await;
    assert_eq!(editor.pushed("main.wf").await, ["unreadable-import"]);
    editor.write("lib.wf", "workflow go { step a: shell \"true\" { reads only } }\n");
    let changes = json!({ "changes": [{ "uri": editor.uri("lib.wf"), "type": 1 }] });
    editor.notify("workspace/didChangeWatchedFiles", changes).await;
    assert!(editor.pushed("main.wf").await.is_empty());
}
