//! Semantic tokens, inlay hints, lenses and links.

use super::Editor;
use serde_json::{Value, json};

const TEXT: &str = "use \"./lib.wf\" as lib\n# One.\nworkflow main {\n  ## All.\n  param regions: [string]\n  let count = regions.length\n  \
                    step a: shell \"\"\"\n    echo ${count} 😀 ${regions.join(\",\")}\n    \"\"\" { timeout 5m }\n  step b: lib.go { n: \"${count} 😀 ${count}\" }\n  output env = a.exit_code\n}\ntest \"t\" {\n  run main with { regions: [] }\n}\n";
const LIB: &str = "workflow go {\n  step a: shell \"true\" { reads only }\n}\n";

/// The tokens of a document: text and class, `!` for a declaration.
fn decoded(server: &Value, tokens: &Value) -> Vec<String> {
    let classes = &server["capabilities"]["semanticTokensProvider"]["legend"]["tokenTypes"];
    let numbers: Vec<usize> =
        tokens["data"].as_array().unwrap().iter().map(|n| usize::try_from(n.as_u64().unwrap()).unwrap()).collect();
    let (mut line, mut column) = (0, 0);
    let decode = |token: &[usize]| {
        column = if token[0] == 0 { column + token[1] } else { token[1] };
        line += token[0];
        let units: Vec<u16> = TEXT.lines().nth(line).unwrap().encode_utf16().collect();
        let text = String::from_utf16(&units[column..column + token[2]]).unwrap();
        let mark = if token[4] == 1 { "!" } else { "" };
        format!("{} {}{mark}", text.trim(), classes[token[3]].as_str().unwrap())
    };
    numbers.chunks(5).map(decode).collect()
}

#[tokio::test]
async fn words_are_classed_by_what_they_mean() {
    let mut editor = Editor::plain().await;
    editor.write("lib.wf", LIB);
    editor.open("main.wf", TEXT).await;
    let document = editor.document("main.wf");
    let tokens = editor.request("textDocument/semanticTokens/full", json!({ "textDocument": document })).await;
    let found = decoded(&editor.server, &tokens);
    for expected in [
        "use keyword",
        "\"./lib.wf\" string",
        "lib namespace!",
        "# One. comment",
        "## All. comment",
        "main class!",
        "regions parameter!",
        "string type",
        "count variable!",
        "regions parameter",
        "length method",
        "a function!",
        "shell class",
        "timeout keyword",
        "5m number",
        "count variable",
        "} 😀 ${ string",
        "join method",
        "go class",
        "env property!",
        "exit_code property",
    ] {
        assert!(found.iter().any(|token| token == expected), "{expected} in {found:?}");
    }
    let range = json!({ "start": { "line": 2, "character": 0 }, "end": { "line": 2, "character": 20 } });
    let tokens = editor.request("textDocument/semanticTokens/range", json!({ "textDocument": document, "range": range })).await;
    assert_eq!(decoded(&editor.server, &tokens), ["workflow keyword", "main class!"]);
}

#[tokio::test]
async fn code_of_other_languages_is_left_to_the_grammars_of_the_editor() {
    let mut editor = Editor::plain().await;
    let text = "workflow main {\n  param a: int\n  step s: shell { run: \"\"\"\n    echo ${a}\n  \"\"\", reads only }\n}\n";
    editor.open("main.wf", text).await;
    let document = editor.document("main.wf");
    let tokens = editor.request("textDocument/semanticTokens/full", json!({ "textDocument": document })).await;
    let classes = &editor.server["capabilities"]["semanticTokensProvider"]["legend"]["tokenTypes"];
    let numbers: Vec<u64> = tokens["data"].as_array().unwrap().iter().map(|number| number.as_u64().unwrap()).collect();
    let found: Vec<&str> = numbers.chunks(5).map(|token| classes[usize::try_from(token[3]).unwrap()].as_str().unwrap()).collect();
    // `a` in the block is a parameter.
    assert_eq!(found.iter().filter(|class| **class == "parameter").count(), 2, "{found:?}");
    assert!(!found.contains(&"string"), "{found:?}");
}

#[tokio::test]
async fn types_that_are_not_written_are_hinted_unless_they_are_switched_off() {
    let mut editor = Editor::plain().await;
    editor.open("main.wf", TEXT).await;
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
    let params = json!({ "textDocument": editor.document("main.wf"), "range": range });
    let hints = editor.request("textDocument/inlayHint", params.clone()).await;
    let shown: Vec<_> = hints.as_array().unwrap().iter().map(|hint| (hint["position"].clone(), hint["label"].clone())).collect();
    let at = |line, character| json!({ "line": line, "character": character });
    assert_eq!(shown, [(at(5, 11), json!(": int")), (at(10, 12), json!(": int"))]);
    editor.notify("workspace/didChangeConfiguration", json!({ "settings": { "wfc": { "hints": false } } })).await;
    assert_eq!(editor.request("textDocument/inlayHint", params).await, json!(null));
}

#[tokio::test]
async fn clients_that_know_the_commands_get_lenses() {
    let mut editor = Editor::plain().await;
    editor.open("main.wf", TEXT).await;
    let params = json!({ "textDocument": editor.document("main.wf") });
    assert_eq!(editor.request("textDocument/codeLens", params.clone()).await, json!(null));
    editor.notify("workspace/didChangeConfiguration", json!({ "settings": { "wfc": { "lenses": true } } })).await;
    let lenses = editor.request("textDocument/codeLens", params).await;
    let shown: Vec<_> = lenses.as_array().unwrap().iter().map(|lens| lens["command"]["title"].as_str().unwrap()).collect();
    assert_eq!(shown, ["check", "plan", "run", "test", "rehearse", "test"]);
    let run = json!({ "title": "run", "command": "wfc.run", "arguments": [editor.uri("main.wf"), "main"] });
    assert_eq!((&lenses[2]["command"], &lenses[2]["range"]["start"]), (&run, &json!({ "line": 2, "character": 9 })));
}

#[tokio::test]
async fn a_use_links_to_its_file() {
    let mut editor = Editor::plain().await;
    editor.write("lib.wf", LIB);
    editor.open("main.wf", &format!("use \"./gone.wf\" as gone\n{TEXT}")).await;
    let links = editor.request("textDocument/documentLink", json!({ "textDocument": editor.document("main.wf") })).await;
    let range = json!({ "start": { "line": 1, "character": 4 }, "end": { "line": 1, "character": 14 } });
    assert_eq!(links, json!([{ "range": range, "target": editor.uri("lib.wf") }]));
}
