//! Completion and signature help.

use super::{Editor, place};
use serde_json::{Value, json};

async fn answered(editor: &mut Editor, method: &str, marked: &str) -> Value {
    let (text, place) = place(marked);
    editor.write(
        "lib.wf",
        "workflow deploy {\n  ## Where to.\n  param region: string\n  step a: shell \"x ${region}\" { reads only }\n}\n",
    );
    editor.open("main.wf", &text).await;
    editor.at(method, "main.wf", place).await
}

async fn offered(marked: &str) -> Vec<String> {
    let items = answered(&mut Editor::plain().await, "textDocument/completion", marked).await;
    items.as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
}

/// Whether all of these are offered, and none of those.
async fn offers(marked: &str, wanted: &[&str], unwanted: &[&str]) {
    let labels = offered(marked).await;
    let has = |label: &&&str| labels.iter().any(|offered| offered == *label);
    let (missing, wrong): (Vec<_>, Vec<_>) =
        (wanted.iter().filter(|label| !has(label)).collect(), unwanted.iter().filter(has).collect());
    assert!(missing.is_empty() && wrong.is_empty(), "{marked}\nmissing {missing:?}, wrong {wrong:?} in {labels:?}");
}

/// A workflow around a line.
fn workflow(lines: &str) -> String {
    format!(
        "workflow main {{\n  param regions: [string]\n  step first: http \"https://a.example\"\n{lines}\n  step below: shell \"true\" {{ reads only }}\n}}\n"
    )
}

#[tokio::test]
async fn words_are_offered_where_they_may_stand() {
    offers("^", &["workflow", "use", "type", "test"], &["step", "param"]).await;
    offers(&workflow("  st^"), &["step", "stage", "param", "for each", "on failure"], &["workflow", "rollback", "expect"]).await;
    offers(&workflow("  on failure {\n    ^\n  }"), &["rollback", "rollback to", "step"], &["param", "finally"]).await;
    offers(&workflow("  parallel {\n    ^\n  }"), &["step", "timeout"], &["checkpoint", "param"]).await;
    offers("workflow main {\n  step a: shell \"true\"\n}\ntest \"t\" {\n  ^\n}\n", &["run", "mock", "expect"], &["step"]).await;
    offers(&workflow("  trigger ^"), &["schedule", "change", "webhook"], &["step"]).await;
    offers(&workflow("  step a: shell \"make\" ^"), &["when", "depends on"], &["param"]).await;
    assert_eq!(offered(&workflow("  # a comm^ent")).await, Vec::<String>::new());
    assert_eq!(offered(&workflow("  step a: shell \"ma^ke\"")).await, Vec::<String>::new());
}

#[tokio::test]
async fn kinds_attributes_clauses_and_parameters_are_offered_for_their_step() {
    offers(&workflow("  step a: ^"), &["shell", "http", "sql", "main"], &["step"]).await;
    offers(
        &workflow("  step a: shell \"make\" {\n    cwd: \".\"\n    ^\n  }"),
        &["env", "timeout", "undo"],
        &["cwd", "step", "method"],
    )
    .await;
    offers(&workflow("  step a: http \"https://b.example\" { me^ }"), &["method", "headers"], &["env"]).await;
    let call = |line: &str| format!("use \"./lib.wf\" as lib\n{}", workflow(line));
    offers(&call("  step a: lib.^"), &["deploy"], &["shell"]).await;
    offers(&call("  step a: lib.deploy {\n    ^\n  }"), &["region", "retry"], &["env"]).await;
    offers(&workflow("  step a: shell \"x\" depends on ^ { reads only }"), &["first", "below"], &["regions"]).await;
}

#[tokio::test]
async fn values_are_those_that_the_checker_sees_there() {
    offers(&workflow("  let x = ^"), &["regions", "first", "run", "here", "glob"], &["below", "failure", "x"]).await;
    offers(&workflow("  step a: shell \"echo ${re^}\""), &["regions", "first"], &["below"]).await;
    offers(&workflow("  for each region in regions {\n    let x = region + ^\n  }"), &["region"], &[]).await;
    offers(&workflow("  let x = [r^ for r in regions]"), &["r", "regions"], &[]).await;
    offers(&workflow("  on failure {\n    step a: shell \"echo ${f^}\"\n  }"), &["failure", "below"], &[]).await;
    offers(&workflow("  step a: shell \"make\" { timeout ^ }"), &["regions"], &["below"]).await;
}

#[tokio::test]
async fn what_stands_behind_a_dot_is_that_of_its_type() {
    offers(&workflow("  let x = first.^"), &["status", "json", "to_json"], &["regions", "join"]).await;
    offers(&workflow("  step a: shell \"echo ${regions.^}\""), &["join", "first", "length"], &["status", "upper"]).await;
    offers(&workflow("  let x = regions.first.^"), &["upper", "length"], &["join"]).await;
    offers(&workflow("  on failure {\n    step a: shell \"echo ${failure.^}\"\n  }"), &["message", "step", "exit_code"], &[])
        .await;
    offers(&workflow("  let x = 1\n  let broken = = \n  let y = run.^"), &["id", "dir"], &[]).await;
}

#[tokio::test]
async fn types_and_the_texts_of_a_union_are_offered() {
    offers("type Region = string\nworkflow main {\n  param a: ^\n}\n", &["string", "duration", "Region"], &["shell"]).await;
    offers("type Region = string\nworkflow main {\n  param a: [Re^]\n}\n", &["Region"], &[]).await;
    let union = "workflow main {\n  param env: \"staging\" | \"prod\" = ^\n}\n";
    offers(union, &["\"staging\"", "\"prod\""], &[]).await;
    offers(&union.replace('^', "\"pr^\""), &["prod", "staging"], &["string"]).await;
}

#[tokio::test]
async fn what_was_typed_is_replaced_by_a_snippet_where_the_client_fills_them_in() {
    let capabilities = json!({ "textDocument": { "completion": { "completionItem": { "snippetSupport": true } } } });
    let marked = workflow("  step a: shell \"make\" {\n    cw^\n  }");
    for (capabilities, text, format) in [(capabilities, "cwd: $0", 2), (json!({}), "cwd", 1)] {
        let items = answered(&mut Editor::with(capabilities).await, "textDocument/completion", &marked).await;
        let item = items.as_array().unwrap().iter().find(|item| item["label"] == "cwd").unwrap();
        let range = json!({ "start": { "line": 4, "character": 4 }, "end": { "line": 4, "character": 6 } });
        assert_eq!(item["textEdit"], json!({ "range": range, "newText": text }));
        assert_eq!((&item["insertTextFormat"], &item["detail"]), (&json!(format), &json!("cwd: path")));
        assert!(item["documentation"]["value"].as_str().unwrap().len() > 5);
    }
}

#[tokio::test]
async fn a_call_tells_what_it_takes_while_it_is_typed() {
    for (line, label, argument) in [
        ("  let x = \"a\".replace(\"b\", ^", "replace(string, string): string", 1),
        ("  step a: shell \"echo ${regions.join(^)}\"", "join(string): string", 0),
        ("  let x = glob(^)", "glob(string): [path]", 0),
        ("  let x = max(1, ^)", "max(value, value): value", 1),
    ] {
        let help = answered(&mut Editor::plain().await, "textDocument/signatureHelp", &workflow(line)).await;
        assert_eq!((&help["signatures"][0]["label"], &help["activeParameter"]), (&json!(label), &json!(argument)), "{line}");
    }
    let nothing = answered(&mut Editor::plain().await, "textDocument/signatureHelp", &workflow("  let x = (1 + ^)")).await;
    assert_eq!(nothing, json!(null));
}
