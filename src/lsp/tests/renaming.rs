//! Rename, with what is asked before it.

use super::editor::edited;
use super::{Editor, place};
use serde_json::{Value, json};

async fn renamed(editor: &mut Editor, marked: &str, name: &str) -> Value {
    let (text, place) = place(marked);
    editor.open("main.wf", &text).await;
    let document = editor.document("main.wf");
    let position = json!({ "line": place.0, "character": place.1 });
    let id = editor.ask("textDocument/rename", json!({ "textDocument": document, "position": position, "newName": name })).await;
    editor.answer(id).await
}

#[tokio::test]
async fn a_name_changes_wherever_it_is_used_in_texts_tests_and_other_files() {
    let mut editor = Editor::plain().await;
    let user = "use \"./main.wf\" as m\nworkflow all {\n  step a: m.main { region: \"eu\" }\n}\n";
    editor.write("user.wf", user);
    let marked = "workflow main {\n  param reg^ion: string\n  step a: shell \"\"\"\n    echo ${region.upper()} '${region}'\n    \"\"\" { reads only }\n}\n\
                  test \"t\" {\n  run main with { region: \"eu\" }\n  expect run.status == \"succeeded\"\n}\n";
    let marked = &marked.replace(" '${region}'", "");
    let answer = renamed(&mut editor, marked, "place").await;
    let changes = &answer["result"]["changes"];
    let text = place(marked).0;
    assert_eq!(edited(&text, &changes[editor.uri("main.wf")]), text.replace("region", "place"), "{answer}");
    assert_eq!(edited(user, &changes[editor.uri("user.wf")]), user.replace("region", "place"));
}

#[tokio::test]
async fn steps_of_a_loop_are_renamed_behind_it_too() {
    let mut editor = Editor::plain().await;
    let marked = "workflow main {\n  ship: for each r in [\"a\"] {\n    step pro^be: shell \"x ${r}\" -> int { reads only }\n  }\n  \
                  output all: [int] = ship.probe\n}\ntest \"t\" {\n  run main\n  mock ship.probe succeeds with { stdout: \"1\" }\n  expect ship.probe[0].attempts == 1\n}\n";
    let answer = renamed(&mut editor, marked, "look").await;
    let text = place(marked).0;
    assert_eq!(edited(&text, &answer["result"]["changes"][editor.uri("main.wf")]), text.replace("probe", "look"), "{answer}");
}

#[tokio::test]
async fn nothing_is_renamed_that_would_break_the_program() {
    let mut editor = Editor::plain().await;
    let taken = "workflow main {\n  param a: string\n  param ^b: string\n  step s: shell \"echo ${a} ${b}\" { reads only }\n}\n";
    let answer = renamed(&mut editor, taken, "a").await;
    assert_eq!(answer["error"]["code"], -32803);
    assert!(answer["error"]["message"].as_str().unwrap().contains("`a`"), "{answer}");
    for name in ["Big", "two words", "", "then", "_x"] {
        let answer = renamed(&mut editor, taken, name).await;
        assert_eq!(answer["error"]["code"], -32803, "{name}: {answer}");
    }
}

#[tokio::test]
async fn only_what_something_declares_can_be_renamed() {
    let mut editor = Editor::plain().await;
    editor
        .open("main.wf", "type Size2 = int\nworkflow main {\n  param a: Size2\n  let b = a.to_json()\n  let c = run.id\n}\n")
        .await;
    let answer = editor.at("textDocument/prepareRename", "main.wf", (2, 12)).await;
    let range = json!({ "start": { "line": 2, "character": 11 }, "end": { "line": 2, "character": 16 } });
    assert_eq!(answer, json!({ "range": range, "placeholder": "Size2" }));
    for place in [(3, 14), (4, 11), (4, 14), (1, 3), (0, 15)] {
        assert_eq!(editor.at("textDocument/prepareRename", "main.wf", place).await, json!(null), "{place:?}");
    }
}
