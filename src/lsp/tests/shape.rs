//! Symbols, folding and selection.

use super::Editor;
use serde_json::{Value, json};

const TEXT: &str = "use \"./a.wf\" as a\nuse \"./b.wf\" as b\n\n# One\n# comment.\n\ntype Region = string\n\n## Ships.\nworkflow main {\n  param to: Region\n  \
                    ship: for each x in [\n    1,\n    2,\n  ] {\n    step send: shell \"\"\"\n      echo ${x}\n      \"\"\"\n  }\n  on failure {\n    rollback\n  }\n}\n\
                    test \"it ships\" {\n  run main with { to: \"eu\" }\n}\n";

fn outline(symbols: &Value, depth: usize) -> String {
    let lines = symbols.as_array().unwrap().iter().map(|symbol| {
        let (name, detail) = (symbol["name"].as_str().unwrap(), symbol["detail"].as_str().unwrap());
        format!("{}{name} ({detail})\n{}", "  ".repeat(depth), outline(&symbol["children"], depth + 1))
    });
    lines.collect()
}

#[tokio::test]
async fn a_document_is_outlined_also_where_some_of_it_is_broken() {
    let mut editor = Editor::plain().await;
    editor.open("main.wf", TEXT).await;
    let params = json!({ "textDocument": editor.document("main.wf") });
    let symbols = editor.request("textDocument/documentSymbol", params.clone()).await;
    let expected =
        "Region (type)\nmain (Ships.)\n  to (param)\n  ship (block)\n    send (step)\n  on failure (handler)\nit ships (test)\n";
    assert_eq!(outline(&symbols, 0), expected);
    editor.replace("main.wf", &TEXT.replace("param to: Region", "param ???")).await;
    let symbols = editor.request("textDocument/documentSymbol", params).await;
    assert_eq!(outline(&symbols, 0), expected.replace("  to (param)\n", ""));
}

#[tokio::test]
async fn names_are_found_in_the_workspace_by_some_of_their_letters() {
    let mut editor = Editor::plain().await;
    editor.write("closed.wf", "workflow release {\n  step deploy_all: shell \"true\" { reads only }\n}\n");
    editor.open("main.wf", TEXT).await;
    let found = editor.request("workspace/symbol", json!({ "query": "dply" })).await;
    assert_eq!((&found[0]["name"], &found[0]["containerName"]), (&json!("deploy_all"), &json!("release")));
    assert_eq!((found.as_array().unwrap().len(), &found[0]["location"]["uri"]), (1, &json!(editor.uri("closed.wf"))));
    let all = editor.request("workspace/symbol", json!({ "query": "" })).await;
    let names: Vec<_> = all.as_array().unwrap().iter().map(|found| found["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["release", "deploy_all", "Region", "main", "to", "ship", "send", "it ships"]);
}

#[tokio::test]
async fn bodies_lists_texts_comments_and_imports_fold() {
    let mut editor = Editor::plain().await;
    editor.open("main.wf", TEXT).await;
    let folds = editor.request("textDocument/foldingRange", json!({ "textDocument": editor.document("main.wf") })).await;
    let shown = |fold: &Value| format!("{}-{} {}", fold["startLine"], fold["endLine"], fold["kind"].as_str().unwrap_or("code"));
    let shown: Vec<String> = folds.as_array().unwrap().iter().map(shown).collect();
    let expected =
        ["0-1 imports", "3-4 comment", "9-21 code", "11-13 code", "14-17 code", "15-16 code", "19-20 code", "23-24 code"];
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn a_selection_grows_from_the_word_to_the_whole_text() {
    let mut editor = Editor::plain().await;
    let text = "workflow main {\n  let a = [1, 2].join(\"-\")\n}\n";
    editor.open("main.wf", text).await;
    let params = json!({ "textDocument": editor.document("main.wf"), "positions": [{ "line": 1, "character": 14 }] });
    let ranges = editor.request("textDocument/selectionRange", params).await;
    let (mut found, mut texts) = (&ranges[0], Vec::new());
    while found.is_object() {
        let range: crate::types::Range = serde_json::from_value(found["range"].clone()).unwrap();
        let lines = crate::position::Lines::new(text);
        let at = |position| lines.offset(text, position, crate::position::Encoding::Utf16);
        texts.push(text.get(at(range.start)..at(range.end)).unwrap());
        found = &found["parent"];
    }
    let body = "\n  let a = [1, 2].join(\"-\")\n";
    let expected = ["2", "1, 2", "[1, 2]", "let a = [1, 2].join(\"-\")", body, &format!("{{{body}}}"), text.trim_end(), text];
    assert_eq!(texts, expected);
}
