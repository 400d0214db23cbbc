//! Hover, definition, references, highlight.

use super::{Editor, place};
use serde_json::{Value, json};

const LIB: &str = "## Ships one region.\nworkflow deploy {\n  ## Where to.\n  param region: string\n  step a: shell \"x ${region}\" { reads only }\n  output done: bool = true\n}\n";

/// A document with a mark, beside `lib.wf`.
async fn opened(editor: &mut Editor, marked: &str) -> (u32, u32) {
    let (text, place) = place(marked);
    editor.write("lib.wf", LIB);
    editor.open("main.wf", &text).await;
    place
}

async fn hovered(marked: &str) -> String {
    let capabilities = json!({ "textDocument": { "hover": { "contentFormat": ["markdown", "plaintext"] } } });
    let mut editor = Editor::with(capabilities).await;
    let place = opened(&mut editor, marked).await;
    let hover = editor.at("textDocument/hover", "main.wf", place).await;
    hover["contents"]["value"].as_str().unwrap_or_default().to_owned()
}

fn places(answer: &Value) -> Vec<String> {
    let shown = |found: &Value| {
        let file = found["uri"].as_str().map_or("", |uri| uri.rsplit('/').next().unwrap());
        let start = &found["range"]["start"];
        format!("{file}:{}:{}", start["line"], start["character"])
    };
    answer.as_array().map_or_else(|| vec![shown(answer)], |all| all.iter().map(shown).collect())
}

#[tokio::test]
async fn hovering_tells_type_and_doc_of_what_a_name_means() {
    let regions = "workflow main {\n  ## All of them.\n  param regions: [string]\n  let first = regio^ns.first\n}\n";
    assert_eq!(hovered(regions).await, "```wf\nparam regions: [string]\n```\n\nAll of them.");
    assert_eq!(hovered("workflow main {\n  let a = [1].fir^st\n}\n").await, "```wf\nfirst(): int?\n```");
    let call = "use \"./lib.wf\" as lib\nworkflow main {\n  step a: lib.dep^loy { region: \"eu\" }\n}\n";
    assert_eq!(hovered(call).await, "```wf\nworkflow deploy\n```\n\nShips one region.");
    let parameter = "use \"./lib.wf\" as lib\nworkflow main {\n  step a: lib.deploy { reg^ion: \"eu\" }\n}\n";
    assert_eq!(hovered(parameter).await, "```wf\nparam region: string\n```\n\nWhere to.");
    let field = "workflow main {\n  step a: http \"https://a.example\"\n  let b = a.stat^us\n}\n";
    assert_eq!(hovered(field).await, "```wf\nstatus: int\n```");
    let type_ = "type Build = { tag: string }\nworkflow main {\n  param build: Bu^ild\n}\n";
    assert_eq!(hovered(type_).await, "```wf\ntype Build = { tag: string }\n```");
    let kind = hovered("workflow main {\n  step a: sle^ep 1s\n}\n").await;
    assert!(kind.starts_with("```wf\nstep NAME: sleep\n```\n\n"), "{kind}");
    let attribute = hovered("workflow main {\n  step a: shell \"make\" { cw^d: \".\" }\n}\n").await;
    assert!(attribute.starts_with("```wf\ncwd: path\n```\n\n"), "{attribute}");
    let failure =
        "workflow main {\n  step a: shell \"make\"\n  on failure {\n    step b: shell \"echo ${failure.mess^age}\"\n  }\n}\n";
    assert_eq!(hovered(failure).await, "```wf\nmessage: string\n```");
    assert_eq!(hovered("workf^low main {\n}\n").await, "", "a word of the language means nothing by itself");
}

#[tokio::test]
async fn hovering_works_beside_and_in_what_is_wrong_and_without_markdown() {
    let mut editor = Editor::plain().await;
    let marked = "workflow main {\n  param n: int\n  step ???\n  let text: string = ^n\n  step a: shell \"\n}\n";
    let place = opened(&mut editor, marked).await;
    let hover = editor.at("textDocument/hover", "main.wf", place).await;
    assert_eq!(hover["contents"], json!({ "kind": "plaintext", "value": "param n: int" }));
}

#[tokio::test]
async fn a_definition_may_stand_in_another_file_or_be_one() {
    let mut editor = Editor::plain().await;
    let text = "use \"./lib.wf\" as lib\nworkflow main {\n  step one: lib.deploy { region: \"eu\" }\n  let x = one.done\n}\n";
    opened(&mut editor, &format!("^{text}")).await;
    for (place, expected) in [
        ((2, 17), "lib.wf:1:9"),
        ((2, 26), "lib.wf:3:8"),
        ((2, 13), "lib.wf:0:0"),
        ((0, 8), "lib.wf:0:0"),
        ((3, 11), "main.wf:2:7"),
        ((3, 15), "lib.wf:5:9"),
    ] {
        let found = editor.at("textDocument/definition", "main.wf", place).await;
        assert_eq!(places(&found), [expected], "{place:?}");
    }
    assert_eq!(editor.at("textDocument/definition", "main.wf", (1, 2)).await, json!(null));
}

#[tokio::test]
async fn references_are_found_in_every_file_of_the_workspace() {
    let mut editor = Editor::plain().await;
    editor.write("lib.wf", LIB);
    editor.write("other.wf", "use \"./lib.wf\" (deploy)\nworkflow other {\n  step a: deploy { region: \"us\" }\n}\n");
    editor.open("lib.wf", LIB).await;
    let declared = json!({ "context": { "includeDeclaration": true } });
    let found = editor.at_with("textDocument/references", "lib.wf", (4, 21), declared).await;
    assert_eq!(places(&found), ["lib.wf:3:8", "lib.wf:4:21", "other.wf:2:19"]);
    let only_used = json!({ "context": { "includeDeclaration": false } });
    let found = editor.at_with("textDocument/references", "lib.wf", (1, 9), only_used).await;
    assert_eq!(places(&found), ["other.wf:0:16", "other.wf:2:10"]);
    let found = editor.at("textDocument/documentHighlight", "lib.wf", (3, 8)).await;
    assert_eq!(places(&found), [":3:8", ":4:21"]);
    assert_eq!([&found[0]["kind"], &found[1]["kind"]], [&json!(3), &json!(2)]);
}
