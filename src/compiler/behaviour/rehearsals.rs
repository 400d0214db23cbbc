//! `test` declarations (§10).

use super::{NOTHING, said_of};

/// What is shown of a test with this body, of a workflow with a step, a loop in a loop and a call.
fn said(body: &str) -> Vec<String> {
    let text = format!(
        "workflow main {{
  step plain: shell \"x\" -> int {{ reads only }}
  outer: for each a in [1, 2] {{
    for each b in [a] {{
      inner: stage {{
        step deep: shell \"echo ${{b}}\" {{ reads only }}
      }}
    }}
    step eu: child
  }}
  output number: int = plain
  finally {{
    step last: shell \"x\" {{ reads only }}
  }}
}}

workflow child {{
  step build: shell \"x\" {{ reads only }}
  output made: string = \"x\"
}}

test \"t\" {{
  run main
  {body}
}}
"
    );
    said_of(&[("main.wf", &text)])
}

#[test]
fn paths_lead_through_blocks_and_calls() {
    for path in ["plain", "outer.inner.deep[0][1]", "outer.eu[1]", "outer.eu.build[0]", "last", "outer", "outer.inner[0][0]"] {
        assert_eq!(said(&format!("expect {path}.status == \"succeeded\"")), NOTHING, "{path}");
    }
    assert_eq!(said("expect outer.inner.dep[0][0].undone"), ["unknown-mock @ dep"]);
    assert_eq!(said("expect plane.undone"), ["unknown-name @ plane"]);
    assert_eq!(said("expect outer.eu.biuld[0].undone"), ["unknown-mock @ biuld"]);
}

#[test]
fn numbers_stand_at_the_end_of_a_path() {
    assert_eq!(said("expect outer.inner.deep[0].undone"), ["step-path @ deep"]);
    assert_eq!(said("expect outer[0].inner.deep[0].undone"), ["step-path @ 0"]);
    assert_eq!(said("expect plain[0].undone"), ["step-path @ 0"]);
    assert_eq!(said("expect outer.eu[1 - 1].undone"), ["step-path @ 1 - 1"]);
    assert_eq!(said("mock outer.inner.deep fails \"x\"\nmock outer.inner.deep[1] fails \"x\""), NOTHING);
    assert_eq!(said("mock outer.inner fails \"x\""), ["step-path @ outer.inner"]);
}

#[test]
fn outcomes_have_types() {
    assert_eq!(said("expect plain.value == 3 and plain.attempts == 1 and plain.started < 1m"), NOTHING);
    assert_eq!(said("expect outer.eu[0].value?.made == \"x\""), NOTHING);
    assert_eq!(said("expect plain.value == \"3\""), ["never-equal @ plain.value == \"3\""]);
    assert_eq!(said("expect plain.status == \"done\""), ["unknown-member @ \"done\""]);
    assert_eq!(said("expect plain.state == \"failed\""), ["unknown-field @ state"]);
    assert_eq!(said("expect run.outputs.number == 3"), NOTHING);
    assert_eq!(said("expect run.outputs.number == null or run.outputs.number > 2"), NOTHING);
    assert_eq!(said("expect run.status == null"), ["never-equal @ run.status == null"]);
    assert_eq!(said("expect run.outputs.nubmer == 3"), ["unknown-field @ nubmer"]);
    assert_eq!(said("expect run.status"), ["condition-not-bool @ run.status"]);
}

#[test]
fn a_mock_gives_what_its_step_gives() {
    assert_eq!(said("mock plain succeeds with 3\nmock outer.eu succeeds with { made: \"y\" }"), NOTHING);
    assert_eq!(said("mock outer.inner.deep succeeds with { exit_code: 3 }"), NOTHING);
    assert_eq!(said("mock plain succeeds with \"three\""), ["type-mismatch @ \"three\""]);
    assert_eq!(said("mock outer.inner.deep succeeds with { exit_code: \"3\" }"), ["type-mismatch @ \"3\""]);
    assert_eq!(said("mock glob(\"*.csv\") gives [\"a.csv\"]"), NOTHING);
    assert_eq!(said("mock glob(\"*.csv\") gives \"a.csv\""), ["type-mismatch @ \"a.csv\""]);
    assert_eq!(said("mock hash(\"a\") gives \"b\""), ["unknown-mock @ hash(\"a\")"]);
    assert_eq!(said("mock now() gives \"2026-01-01T00:00:00Z\""), NOTHING);
}

#[test]
fn a_test_runs_one_workflow_and_holds_nothing_else() {
    assert_eq!(said("run child"), ["repeated-clause @ run child"]);
    assert_eq!(said("step a: shell \"x\""), ["stray-declaration @ step a: shell \"x\""]);
}
