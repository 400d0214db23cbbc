//! Texts, positions and the order of messages.

use super::Editor;
use serde_json::json;

const GOOD: &str = "workflow main {\n  step a: shell \"true\" { reads only }\n}\n";

#[tokio::test]
async fn the_position_encoding_is_negotiated_and_used() {
    let mut editor = Editor::with(json!({ "general": { "positionEncodings": ["utf-8", "utf-16"] } })).await;
    assert_eq!(editor.server["capabilities"]["positionEncoding"], "utf-8");
    // `😀` has four bytes.
    editor.open("main.wf", &GOOD.replace("true", "echo 😀 ${nmae}")).await;
    let params = editor.called("textDocument/publishDiagnostics").await;
    assert_eq!(params["diagnostics"][0]["range"]["start"], json!({ "line": 1, "character": 29 }));
    let mut editor = Editor::plain().await;
    assert_eq!(editor.server["capabilities"]["positionEncoding"], "utf-16");
    editor.open("main.wf", &GOOD.replace("true", "echo 😀 ${nmae}")).await;
    let params = editor.called("textDocument/publishDiagnostics").await;
    assert_eq!(params["diagnostics"][0]["range"]["start"], json!({ "line": 1, "character": 27 }));
}

#[tokio::test]
async fn changes_are_made_in_order_and_reported_on_in_their_version() {
    let mut editor = Editor::plain().await;
    editor.open("main.wf", GOOD).await;
    assert!(editor.pushed("main.wf").await.is_empty());
    let at =
        |line, start, end| json!({ "start": { "line": line, "character": start }, "end": { "line": line, "character": end } });
    editor.change("main.wf", json!([{ "range": at(1, 2, 6), "text": "stpe" }])).await;
    assert_eq!(editor.pushed("main.wf").await, ["unknown-statement"]);
    editor.change("main.wf", json!([{ "range": at(1, 2, 6), "text": "" }, { "range": at(1, 2, 2), "text": "step" }])).await;
    assert!(editor.pushed("main.wf").await.is_empty());
}

#[tokio::test]
async fn of_many_changes_only_texts_that_still_stand_are_reported_on() {
    let mut editor = Editor::plain().await;
    editor.open("main.wf", GOOD).await;
    let mut last = 0;
    for number in 0..50 {
        let text = GOOD.replace("true", &format!("echo ${{missing{number}}}"));
        last = editor.change("main.wf", json!([{ "text": text }])).await;
    }
    assert_eq!(editor.pushed("main.wf").await, ["unknown-name"]);
    let versions: Vec<i64> = editor.inbox().filter_map(|message| message["params"]["version"].as_i64()).collect();
    assert!(versions.is_sorted() && versions.iter().all(|version| *version < i64::from(last)), "{versions:?}");
}

#[tokio::test]
async fn a_file_outside_any_project_and_a_text_that_was_never_saved_are_checked() {
    let mut editor = Editor::plain().await;
    let text = GOOD.replace("true", "echo ${nmae}");
    for uri in ["untitled:Untitled-1", "file:///nowhere/at%20all/main.wf"] {
        let document = json!({ "uri": uri, "languageId": "wf", "version": 1, "text": text });
        editor.notify("textDocument/didOpen", json!({ "textDocument": document })).await;
        let params = editor.called("textDocument/publishDiagnostics").await;
        assert_eq!((&params["uri"], &params["diagnostics"][0]["code"]), (&json!(uri), &json!("unknown-name")));
    }
}

#[tokio::test]
async fn imports_come_from_buffers_that_are_not_saved_and_else_from_disk() {
    let mut editor = Editor::plain().await;
    editor.write("lib.wf", "workflow old { step a: shell \"true\" { reads only } }\n");
    let main = "use \"./lib.wf\" as lib\nworkflow main {\n  step a: lib.new\n}\n";
    editor.open("main.wf", main).await;
    assert_eq!(editor.pushed("main.wf").await, ["unknown-kind"]);
    editor.open("lib.wf", "workflow new { step a: shell \"true\" { reads only } }\n").await;
    // What is said of the one follows from the other.
    let params = editor.called("textDocument/publishDiagnostics").await;
    let other = editor.called("textDocument/publishDiagnostics").await;
    let uris = [&params["uri"], &other["uri"]];
    assert!(uris.contains(&&json!(editor.uri("main.wf"))) && uris.contains(&&json!(editor.uri("lib.wf"))), "{uris:?}");
    assert_eq!([&params["diagnostics"], &other["diagnostics"]], [&json!([]), &json!([])]);
    editor.close("lib.wf").await;
    let params = editor.called("textDocument/publishDiagnostics").await;
    assert_eq!((&params["uri"], &params["diagnostics"]), (&json!(editor.uri("lib.wf")), &json!([])), "nothing stays behind");
    let params = editor.called("textDocument/publishDiagnostics").await;
    assert_eq!(params["diagnostics"][0]["code"], "unknown-kind");
}

#[tokio::test]
async fn a_request_about_a_text_that_changed_meanwhile_is_told_so_or_answered_for_its_own_text() {
    let mut editor = Editor::plain().await;
    editor.open("main.wf", GOOD).await;
    let document = editor.document("main.wf");
    let params = json!({ "textDocument": document, "options": { "tabSize": 2, "insertSpaces": true } });
    let mut asked = Vec::new();
    for _ in 0..20 {
        editor.replace("main.wf", &GOOD.replace("  step", " step")).await;
        asked.push(editor.ask("textDocument/formatting", params.clone()).await);
        editor.replace("main.wf", GOOD).await;
    }
    for id in asked {
        let answer = editor.answer(id).await;
        let stale = answer["error"]["code"] == json!(-32801);
        assert!(stale || answer["result"].as_array().is_some_and(|edits| edits.len() == 1), "{answer}");
    }
    assert_eq!(editor.request("textDocument/formatting", params).await, json!([]));
}

#[tokio::test]
async fn settings_change_how_much_is_asked_of_a_text() {
    let mut editor = Editor::plain().await;
    editor.open("main.wf", &GOOD.replace(" { reads only }", " { reads only, retry 1 times }")).await;
    let standard = editor.pushed("main.wf").await;
    let settings = json!({ "settings": { "wfc": { "level": "basic" } } });
    editor.notify("workspace/didChangeConfiguration", settings).await;
    assert_eq!((standard.is_empty(), editor.pushed("main.wf").await.is_empty()), (false, true), "{standard:?}");
}

#[tokio::test]
async fn the_server_ends_when_it_is_told_to() {
    let mut editor = Editor::plain().await;
    assert_eq!(editor.request("shutdown", json!(null)).await, json!(null));
    let document = editor.document("main.wf");
    let id = editor.ask("textDocument/formatting", json!({ "textDocument": document })).await;
    assert!(editor.answer(id).await.get("error").is_some(), "nothing is answered behind it");
}
