//! Files.

use super::parse;
use wf_model::span::SourceId;

#[test]
fn every_example_is_read_without_a_diagnostic() {
    for (name, text) in [
        ("deploy", include_str!("../../../tests/data/deploy.wf")),
        ("release", include_str!("../../../examples/release/release.wf")),
        ("backup", include_str!("../../../examples/backup/backup.wf")),
        ("sales", include_str!("../../../examples/data/sales.wf")),
        ("fetch", include_str!("../../../examples/mirrors/fetch.wf")),
        ("release_all", include_str!("../../../examples/services/release_all.wf")),
        ("service", include_str!("../../../examples/services/service.wf")),
    ] {
        let parsed = parse(SourceId(0), text);
        let found: Vec<_> = parsed.diagnostics.iter().map(|d| (d.slug, &d.message, text.get(d.primary.span.range()))).collect();
        assert!(found.is_empty(), "{name}: {found:#?}");
        let whole: String = parsed.tokens.iter().filter_map(|token| text.get(token.span.range())).collect();
        assert_eq!(whole, text, "{name}: the tokens are the text");
    }
}

/// `slug `the text pointed at`` of everything found in a file.
fn found(text: &str) -> Vec<String> {
    let parsed = parse(SourceId(0), text);
    let whole: String = parsed.tokens.iter().filter_map(|token| text.get(token.span.range())).collect();
    assert_eq!(whole, text, "the tokens are the text");
    let line = |diagnostic: &wf_model::diagnostic::Diagnostic| {
        format!("{} `{}`", diagnostic.slug, text.get(diagnostic.primary.span.range()).unwrap_or("?").lines().next().unwrap_or(""))
    };
    parsed.diagnostics.iter().map(line).collect()
}

const WHOLE: &str = r#"## Builds.
workflow main {
  param env: "a" | "b" = "a"
  let image = "x:${env}"
  parallel {
    step lint: shell "lint" { reads only }
    step test: shell "test" { reads only, timeout 15m }
  }
  if env == "b" {
    step go: approval "Ship?" { timeout 4h }
  } else {
    step stay: sleep 1s
  }
  ship: for each x in ["a", "b"] parallel max 2 {
    step release: shell {
      run: "release ${x}"
      env: { A: image }
      retry 2 times backoff 5s to 1m
      undo shell "undo ${x}"
    }
  }
  on failure {
    rollback
  }
}
"#;

#[test]
fn one_broken_statement_costs_one_diagnostic_and_leaves_its_neighbours_whole() {
    assert_eq!(found(WHOLE), [] as [&str; 0]);
    for (from, to, expected) in [
        ("param env", "parm env", "unknown-statement `parm`"),
        ("workflow main", "wrokflow main", "unknown-statement `wrokflow`"),
        ("let image =", "let image", "syntax-error `\"`"),
        ("image = \"x:${env}\"", "image = ", "syntax-error ``"),
        ("\"x:${env}\"", "\"x:${env}", "unclosed-string `\"`"),
        ("\"x:${env}\"", "\"x:${env}\\", "unclosed-string `\"`"),
        ("\"x:${env}\"", "\"x:${env\"", "unclosed-interpolation `${`"),
        ("shell \"lint\" {", "shell \"lint {", "unclosed-string `\"`"),
        ("timeout 15m }", "timeout: 15m }", "clause-with-colon `timeout:`"),
        ("timeout 15m }", "timeot 15m }", "unknown-statement `timeot`"),
        ("timeout 4h }\n  }", "timeout 4h }\n", "missing-brace `{`"),
        ("timeout 15m }\n  }", "timeout 15m }\n", "missing-brace `{`"),
        ("1s\n  }", "1s\n  }\n  }", "stray-brace `}`"),
        ("step stay: sleep 1s", "step stay: sleep 1s timeout 5s", "clause-in-head `timeout 5s`"),
        ("step stay: sleep 1s", "step stay: sleep soon when env", "main-not-literal `soon`"),
        ("parallel max 2 {", "parallel max 2 fail fast {", "clause-in-head `fail fast`"),
        ("env: { A: image }", "env: { A: image [0] }", "loose-bracket `[`"),
        ("let image", "let then", "reserved-name `then`"),
        ("[\"a\", \"b\"] parallel", "[\"a\" \"b\"] parallel", "syntax-error `\"`"),
        ("step stay: sleep 1s", "stay: sleep 1s", "missing-step `stay: sleep 1s`"),
        ("run: \"release", "run \"release", "missing-colon `run`"),
        ("run: \"release", "run = \"release", "assignment `run =`"),
        ("env: { A: image }", "env: { A: image", "unclosed-bracket `{`"),
        ("env: { A: image }", "env { A: image }", "missing-colon `env`"),
        ("[\"a\", \"b\"] parallel", "[\"a\", \"b\" parallel", "unclosed-bracket `[`"),
        ("for each", "foreach", "unknown-statement `foreach`"),
        ("ship: for", "ship-it: for", "hyphenated-name `ship-it`"),
        ("retry 2 times", "retry 2", "syntax-error `backoff`"),
        ("on failure {", "on faliure {", "unknown-statement `faliure`"),
        ("    rollback\n", "    rollbak\n", "unknown-statement `rollbak`"),
        ("step go: approval", "step go approval", "syntax-error `approval`"),
        ("sleep 1s", "sleep 1s;", "stray-character `;`"),
        ("else {", "esle {", "unknown-statement `esle`"),
    ] {
        assert!(WHOLE.contains(from), "{from}");
        assert_eq!(found(&WHOLE.replacen(from, to, 1)), [expected], "{from} -> {to}");
    }
}

/// The text with all fixes applied.
fn mended(text: &str) -> String {
    let parsed = parse(SourceId(0), text);
    let fixes = parsed.diagnostics.into_iter().filter_map(|diagnostic| diagnostic.fix);
    let mut edits: Vec<_> = fixes.flat_map(|fix| fix.edits).collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
    edits.iter().fold(text.to_owned(), |mut text, edit| {
        text.replace_range(edit.span.range(), &edit.replacement);
        text
    })
}

#[test]
fn what_is_no_statement_of_this_language_is_not_turned_into_one() {
    for (line, expected) in [
        ("export FOO=\"bar\"", "unknown-statement `export`"),
        ("export PATH=$PATH:/opt", "unknown-statement `export`"),
        ("export FOO = \"bar\"", "unknown-statement `export`"),
        ("set -e", "unknown-statement `set`"),
        ("echo \"hi\"", "unknown-statement `echo`"),
        ("cd /tmp && make; ls", "unknown-statement `cd`"),
        ("exit 1", "unknown-statement `exit`"),
        ("test -f x", "unknown-statement `test`"),
        ("while x < 3 {\n    step w: shell \"w\"\n  }", "unknown-statement `while`"),
        ("for i in 1 2 3; do", "unknown-statement `for`"),
        ("if [ -f x ]; then", "unknown-statement `if`"),
        ("done", "unknown-statement `done`"),
        ("shell \"x\"", "step-without-name `shell \"x\"`"),
        ("shell {\n    run: \"x\"\n  }", "step-without-name `shell`"),
        ("http \"https://example.org\" -> json", "step-without-name `http \"https://example.org\" -> json`"),
        ("step: shell \"x\"", "step-without-name `step: shell \"x\"`"),
    ] {
        let text = format!("workflow main {{\n  {line}\n  step last: shell \"x\"\n}}\n");
        assert_eq!(found(&text), [expected], "{line}");
        assert_eq!(mended(&text), text, "{line}");
    }
}

#[test]
fn what_is_surely_meant_is_mended() {
    for (line, expected) in [
        ("set x = 1", "let x = 1"),
        ("step a: shell \"x\" { reads only; timeout 30s }", "step a: shell \"x\" { reads only, timeout 30s }"),
        ("step a: shell \"x\" { reads only; }", "step a: shell \"x\" { reads only }"),
        ("step a: shell \"x\"; # first", "step a: shell \"x\" # first"),
        ("step my-step: shell \"x\"", "step my_step: shell \"x\""),
        ("step my-step: shell \"x\"\n  step b: shell \"my-step\"", "step my_step: shell \"x\"\n  step b: shell \"my-step\""),
        ("for x in [1] {\n  }", "for each x in [1] {\n  }"),
        ("stpe a: shell \"x\"", "step a: shell \"x\""),
        ("step a: shell \"x\" {\n    read only\n  }", "step a: shell \"x\" {\n    reads only\n  }"),
        ("step a: shell \"x { reads only }", "step a: shell \"x\" { reads only }"),
        ("step a: shell \"x\" { reads-only }", "step a: shell \"x\" { reads only }"),
        ("step a: shell \"x\" { readonly }", "step a: shell \"x\" { reads only }"),
        ("step a: shell \"x\" { retry 1 time }", "step a: shell \"x\" { retry 1 times }"),
        ("step a: shell \"x\" { retry 3 }", "step a: shell \"x\" { retry 3 times }"),
        ("step a: shell \"x\" { retry 2 times with backoff 5s to 1m }", "step a: shell \"x\" { retry 2 times backoff 5s to 1m }"),
        ("step a: shell \"x\" { timeout 5 minutes }", "step a: shell \"x\" { timeout 5m }"),
        ("step a: shell \"x\" { undo \"rm x\" }", "step a: shell \"x\" { undo shell \"rm x\" }"),
        ("step a: shell \"x\" { undo: \"rm x\" }", "step a: shell \"x\" { undo shell \"rm x\" }"),
        ("stage build {\n  }", "build: stage {\n  }"),
        ("parallel p {\n  }", "p: parallel {\n  }"),
        ("for each x in xs build {\n  }", "build: for each x in xs {\n  }"),
        ("on failure: {\n    rollback\n  }", "on failure {\n    rollback\n  }"),
        ("on failure: rollback", "on failure rollback"),
        ("on success: {\n  }", "on success {\n  }"),
        ("on cancel: {\n  }", "on cancel {\n  }"),
        ("finally: {\n  }", "finally {\n  }"),
        ("catch {\n    rollback\n  }", "on failure {\n    rollback\n  }"),
        ("rescue {\n    rollback\n  }", "on failure {\n    rollback\n  }"),
        ("except {\n    rollback\n  }", "on failure {\n    rollback\n  }"),
        ("on_failure { rollback }", "on failure { rollback }"),
        ("on_cancel { rollback }", "on cancel { rollback }"),
    ] {
        let text = |line: &str| format!("workflow main {{\n  {line}\n}}\n");
        assert_eq!(found(&text(line)).len(), 1, "{line}: {:?}", found(&text(line)));
        assert_eq!(mended(&text(line)), text(expected), "{line}");
    }
}

#[test]
fn broken_quotes_that_open_a_block_string_leave_what_stands_below_whole() {
    let text = "workflow main {\n  if p {\n    step a: shell \"\"\n      make all\n    \"\"\" -> string {\n      reads only\n    }\n  }\n  step b: sleep 1s\n}\n";
    assert_eq!(found(text), ["unknown-statement `make`", "unclosed-string `\"\"\"`"]);
}

#[test]
fn nothing_is_put_behind_a_string_that_is_not_closed() {
    let parsed = parse(SourceId(0), "workflow main {\n  stage {\n    step a: shell \"\"\"\n      make\n  step b: sleep 1s\n");
    let slugs: Vec<_> = parsed.diagnostics.iter().map(|found| (found.slug, found.fix.is_some())).collect();
    assert_eq!(slugs, [("missing-brace", false), ("missing-brace", false), ("unclosed-string", false)]);
}

#[test]
fn a_brace_that_is_missing_or_stands_elsewhere_costs_one_diagnostic() {
    for (from, to, expected) in [
        ("workflow main {", "workflow main", "missing-body `workflow main`"),
        ("workflow main {", "workflow main\n{", "brace-below `{`"),
        ("stage {", "stage\n  {", "brace-below `{`"),
        ("} else {", "} else\n{", "brace-below `{`"),
    ] {
        let whole = "workflow main {\n  let a = 1\n  stage {\n    step b: shell \"x\"\n  }\n  if a == 1 {\n    step c: shell \"x\"\n  } else {\n    step d: shell \"x\"\n  }\n}\n\nworkflow other {\n}\n";
        let text = whole.replacen(from, to, 1);
        assert_eq!(found(&text), [expected], "{to}");
        assert_eq!(mended(&text), whole, "{to}");
    }
    assert_eq!(found("workflow a\n# why\n{\n}\n"), ["brace-below `{`"]);
    assert_eq!(found("workflow a\n"), ["missing-body `workflow a`"]);
}

#[test]
fn files_of_other_tools_cost_one_diagnostic() {
    for (text, line) in [
        ("name: build\non: push\njobs:\n  a:\n    steps:\n      - run: make\n", "name: build"),
        ("# CI\n---\n- hosts: all\n  tasks: []\n", "---"),
        ("- name: x\n", "- name: x"),
        ("jobs:\n  a: b\n", "jobs:"),
    ] {
        assert_eq!(found(text), [format!("looks-like-yaml `{line}`")], "{text}");
    }
}

#[test]
fn words_and_signs_of_other_languages_get_what_they_are_here() {
    for (line, help) in [
        ("step a: shell \"x\" needs b", "Write `depends on` instead of `needs`."),
        ("step a: shell \"x\" if c == 1", "Write `when` instead of `if`."),
        ("step a: shell \"x\" -> string if c == 1", "Write `when` instead of `if`."),
        ("let a = c ? 1 : 2", "Write `if CONDITION then a else b`."),
        ("let a = c == 1 ? \"a\" : \"b\"", "Write `if CONDITION then a else b`."),
        ("param a: string[]", "Write a list of them as `[string]`."),
        ("param a: map[string]int", "Write a map as `[string: int]`, with the type of its values behind the colon."),
        ("param a: Optional<string>", "Put a `?` behind the type of a value that may be missing: `string?`."),
        ("param a: list<string> = []", "Write what a list holds in brackets: `[string]`."),
    ] {
        let text = format!("workflow main {{\n  {line}\n}}\n");
        let helps: Vec<_> =
            parse(SourceId(0), &text).diagnostics.into_iter().map(|found| found.help.unwrap_or_default()).collect();
        assert_eq!(helps, [help], "{line}");
    }
    assert!(mended("workflow main {\n  step a: shell \"x\" needs b\n}\n").contains("\"x\" depends on b"));
}

#[test]
fn names_of_a_mended_head_point_at_what_was_written() {
    for text in [
        "workflow main {\n  step ä: é\n  lett version = \"1\"\n}\n",
        "workflow main {\n  version = \"1\"\n}\n",
        "workflow main {\n  version: shell \"1\"\n}\n",
        "workflow main {\n  version: for_each x in [1] {\n  }\n}\n",
        "workflow main {\n  let version = [\"1",
    ] {
        let parsed = parse(SourceId(0), text);
        let shown = format!("{:?}", parsed.file);
        let place = text.find("version").unwrap();
        let name =
            format!("Name {{ text: \"version\", span: Span {{ source: SourceId(0), start: {place}, end: {} }} }}", place + 7);
        assert!(shown.contains(&name), "{text}\n{shown}");
        assert!(parsed.diagnostics.iter().all(|found| text.get(found.primary.span.range()).is_some()), "{text}");
    }
}

#[test]
fn half_a_line_at_the_end_costs_one_diagnostic() {
    for half in
        ["st", "step", "step x", "step x:", "step x: shell \"", "let", "param x: ", "if ", "if a {", "on", "a:", "timeout"]
    {
        let text = WHOLE.trim_end().trim_end_matches('}').to_owned() + "  " + half + "\n}\n";
        assert_eq!(found(&text).len(), 1, "{half}: {:?}", found(&text));
    }
}

#[test]
fn nothing_is_too_much() {
    for text in ["(", "[", "{", "${", "\"${", "\"\"\"${", "a {", "a: {", "}", ")", "x: [", "if a { "] {
        let _ = parse(SourceId(0), &text.repeat(100_000));
        let _ = parse(SourceId(0), &format!("workflow main {{\n  {}\n}}\n", text.repeat(20_000)));
    }
    let _ = parse(SourceId(0), &"a\n".repeat(200_000));
    assert_eq!(found(&format!("workflow main {{\n  # {}\n}}", "x".repeat(1 << 20))), [] as [&str; 0]);
    assert_eq!(found(""), [] as [&str; 0]);
    assert_eq!(found("\u{feff}workflow main {\r\n  step a: shell \"x\"\r\n}\r\n"), [] as [&str; 0]);
}

proptest::proptest! {
    #[test]
    fn any_edit_of_a_file_is_read(at in 0..WHOLE.len(), removed in 0_usize..12, piece in proptest::sample::select(vec![
        "", "{", "}", "\"", "'", "\"\"\"", "(", "]", "\n", ":", ",", "#", "${", "é", "\\", "else", "step ", "- "])) {
        let end = (at + removed).min(WHOLE.len());
        let text = WHOLE.get(..at).unwrap_or("").to_owned() + piece + WHOLE.get(end..).unwrap_or("");
        found(&text);
    }
}

#[test]
fn a_word_of_expressions_is_a_name_where_one_is_declared() {
    assert_eq!(found("workflow where {\n  param where: string where where != \"\"\n}\n"), [] as [&str; 0]);
    for word in ["true", "false", "null", "and", "or", "not", "in", "as", "if", "then", "else"] {
        let text = format!("workflow {word} {{\n  step a: shell \"x\" {{ reads only }}\n}}\n");
        assert_eq!(found(&text), [format!("reserved-name `{word}`")]);
        let text = format!("workflow w {{\n  step {word}: shell \"x\" {{ reads only }}\n  param {word}: int\n}}\n");
        assert_eq!(found(&text), [format!("reserved-name `{word}`"), format!("reserved-name `{word}`")]);
    }
}
