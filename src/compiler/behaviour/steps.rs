//! Kinds, attributes and values of steps (§6, §11).

use super::{NOTHING, compiled, said, said_of};
use crate::compile::Compilation;
use wf_model::diagnostic::{Level, Severity};

#[test]
fn a_kind_is_one_that_there_is() {
    assert_eq!(said("step a: shel \"x\""), ["unknown-kind @ shel"]);
    assert_eq!(said("step a: bash \"x\""), ["unknown-kind @ bash"]);
    assert_eq!(said("step a: k8s.apply \"x\""), ["unknown-import-name @ k8s"]);
}

#[test]
fn attributes_are_those_of_the_kind_each_once() {
    assert_eq!(said("step a: shell \"x\" {\n  evn: { A: \"b\" }\n}"), ["unknown-attribute @ evn"]);
    assert_eq!(said("step a: shell \"x\" {\n  cwd: \"x\"\n  cwd: \"y\"\n}"), ["repeated-attribute @ cwd"]);
    assert_eq!(said("step a: shell \"x\" {\n  run: \"y\"\n}").len(), 1);
    assert_eq!(said("step a: shell {\n  cwd: \"x\"\n}"), ["missing-attribute @ shell"]);
    assert_eq!(said("step a: shell \"x\" {\n  allow_exit: \"x\"\n}"), ["type-mismatch @ \"x\""]);
}

#[test]
fn the_literal_is_the_main_attribute_that_takes_its_type() {
    assert_eq!(said("step a: sleep 5s"), NOTHING);
    assert_eq!(said("step a: shell [\"ls\", \"-l\"]"), NOTHING);
    assert_eq!(said("step a: sleep 5"), ["bare-number @ 5"]);
}

#[test]
fn an_arrow_stands_where_the_kind_decodes() {
    assert_eq!(said("step a: shell \"x\" -> int\nstep b: sleep 1s when a > 1"), NOTHING);
    assert_eq!(said("step a: sleep 5s -> int"), ["decode-not-taken @ int"]);
    assert_eq!(said("step a: shell \"x\" -> number"), ["unknown-type @ number"]);
}

#[test]
fn secrets_go_where_the_kind_takes_them() {
    let secret = "secret s from env \"S\"\n";
    assert_eq!(said(&format!("{secret}step a: shell \"x\" {{\n  env: {{ S: s }}\n}}")), NOTHING);
    assert_eq!(said(&format!("{secret}step a: shell \"echo ${{s}}\"")), NOTHING);
    assert_eq!(said(&format!("{secret}step a: shell \"x\" {{\n  cwd: s\n}}")), ["secret-leak @ s"]);
    assert_eq!(
        said(&format!("{secret}let t = \"x ${{s}}\"\nstep a: notify {{\n  message: t\n  to: desktop()\n}}")),
        ["secret-leak @ t"]
    );
}

#[test]
fn a_step_that_may_not_have_run_is_optional() {
    let uses = "\nstep b: shell \"echo ${a.stdout}\"";
    assert_eq!(said(&format!("param p: bool\nstep a: shell \"x\" when p{uses}")), ["may-be-missing @ a"]);
    assert_eq!(said(&format!("step a: shell \"x\" {{\n  on failure continue\n}}{uses}")), ["may-be-missing @ a"]);
    let tested = "param p: bool\nstep a: shell \"x\" when p\nstep b: shell \"echo ${a.stdout}\" when a != null";
    assert_eq!(said(tested), NOTHING);
}

#[test]
fn a_workflow_is_a_kind() {
    let callee =
        "workflow promote {\n  param region: string\n  step go: shell \"echo ${region}\"\n  output url: string = go.stdout\n}\n";
    let file = |body: &str| said_of(&[("main.wf", &format!("{callee}workflow main {{\n{body}\n}}"))]);
    assert_eq!(file("step eu: promote { region: \"eu\" }\nstep b: shell \"echo ${eu.url}\""), NOTHING);
    assert_eq!(file("step eu: promote"), ["missing-attribute @ promote"]);
    assert_eq!(file("step eu: promote { regoin: \"eu\", region: \"eu\" }"), ["unknown-attribute @ regoin"]);
    assert_eq!(file("step eu: promote { region: 3 }"), ["type-mismatch @ 3"]);
    assert_eq!(file("step eu: promote { region: \"eu\" } \nstep b: shell \"echo ${eu.uri}\""), ["unknown-field @ uri"]);
}

#[test]
fn no_workflow_comes_back_to_itself() {
    let file = "workflow main {\n  step a: other\n}\nworkflow other {\n  step b: main\n}";
    let shown = said_of(&[("main.wf", file)]);
    assert_eq!(shown.len(), 1, "{shown:?}");
    assert!(shown.iter().all(|found| found.starts_with("workflow-recursion @ ")), "{shown:?}");
    let own = said_of(&[("main.wf", "workflow main {\n  step a: main\n}")]);
    assert_eq!(own, ["workflow-recursion @ main"]);
}

#[test]
fn depends_names_steps_of_this_body_around_it_or_above() {
    assert_eq!(said("step a: shell \"x\"\nstep b: shell \"y\" depends on a"), NOTHING);
    assert_eq!(said("step a: shell \"x\" depends on b"), ["unknown-step @ b"]);
    assert_eq!(said("step a: shell \"x\" depends on a"), ["self-dependency @ a"]);
    assert_eq!(said("param p: int\nstep a: shell \"echo ${p}\" depends on p"), ["unknown-step @ p"]);
    assert_eq!(said("stage {\n  step a: shell \"x\"\n}\nstep b: shell \"y\" depends on a"), NOTHING);
    assert_eq!(said("mirror: stage {\n  step a: shell \"x\"\n}\nstep b: shell \"y\" depends on mirror"), NOTHING);
}

#[test]
fn a_circle_is_shown() {
    let shown = said("parallel {\n  step a: shell \"x\" depends on b\n  step b: shell \"y\" depends on a\n}");
    assert_eq!(shown.len(), 1, "{shown:?}");
    assert!(shown.iter().all(|found| found.starts_with("dependency-cycle @ ")), "{shown:?}");
}

#[test]
fn depends_reaches_no_other_branch_nor_a_handler() {
    let branches = "param p: bool\nif p {\n  step a: shell \"x\"\n} else {\n  step b: shell \"y\" depends on a\n}";
    assert_eq!(said(branches), ["depends-out-of-reach @ a"]);
    let handler = "step a: shell \"x\" depends on b\non failure {\n  step b: shell \"y\"\n}";
    assert_eq!(said(handler), ["depends-out-of-reach @ b"]);
    let from_handler = "step a: shell \"x\"\non failure {\n  step b: shell \"y\"\n  step c: shell \"z\" depends on a, b\n}";
    assert_eq!(said(from_handler), NOTHING);
    let nested = "step a: shell \"x\"\non failure {\n  step b: shell \"y\"\n  stage {\n    step c: shell \"z\"\n    finally {\n      step d: shell \"w\" depends on b\n    }\n  }\n}";
    assert_eq!(said(nested), NOTHING);
}

#[test]
fn what_other_tools_call_an_attribute_is_said_once_and_with_what_it_is_here() {
    for (attribute, expected) in [
        ("needs: [build]", "Write `depends on NAME`"),
        ("depends_on: build", "Write `depends on NAME`"),
        ("retries: 3", "Write `retry 3 times`"),
        ("when: ready == 1", "Write `when CONDITION`"),
        ("if: ready == 1", "Write `when CONDITION`"),
        ("on_failure: \"continue\"", "Write `on failure continue`"),
        ("continue-on-error: true", "Write `on failure continue`"),
        ("timeout_minutes: 5", "Write `timeout 5m`"),
        ("timeout-minutes: 5", "Write `timeout 5m`"),
        ("name: \"Build\"", "The name stands in the head"),
        ("working_directory: \"src\"", "Write `cwd`."),
        ("working-directory: \"src\"", "Write `cwd`."),
        ("environment: { A: \"b\" }", "Write `env`."),
    ] {
        assert_eq!(helped(&format!("step a: shell \"make\" {{\n  {attribute}\n}}"), expected), 1, "{attribute}");
    }
    for attribute in ["script", "cmd", "command"] {
        assert_eq!(helped(&format!("step a: shell {{\n  {attribute}: \"make\"\n}}"), "Write `run`."), 1, "{attribute}");
    }
    assert_eq!(helped("on: \"push\"\nstep a: shell \"make\"", "Write `trigger schedule"), 1);
    assert_eq!(helped("environment: { A: \"b\" }\nstep a: shell \"make\"", "Write `env`."), 1);
}

/// How much is said of a body, all of which begins its help like this.
fn helped(body: &str, help: &str) -> usize {
    let Compilation { diagnostics, .. } = compiled(&[("main.wf", &format!("workflow main {{\n{body}\n}}\n"))]);
    let errors = diagnostics.iter().filter(|found| found.severity(Level::Standard) == Some(Severity::Error));
    let helps: Vec<&str> = errors.map(|found| found.help.as_deref().unwrap_or("")).collect();
    assert!(helps.iter().all(|found| found.starts_with(help)), "{body}: {helps:#?}");
    helps.len()
}

#[test]
fn a_database_may_be_a_secret_or_hold_one() {
    let with =
        |database: &str| said(&format!("secret s from env \"S\"\nstep a: sql \"select 1\" {{\n  database: {database}\n}}"));
    assert_eq!(with("s"), NOTHING);
    assert_eq!(with("\"postgres://u:${s}@h/db\""), NOTHING);
    assert_eq!(said("secret s from env \"S\"\nstep a: http \"https://e.com/${s}\""), ["secret-leak @ \"https://e.com/${s}\""]);
}

#[test]
fn a_finding_about_a_step_points_at_its_head() {
    let shown = said("step a: shell \"x\" when run.resumes == 0 {\n  retry 2 times\n}");
    assert_eq!(shown, ["retry-without-timeout @ step a: shell \"x\" when run.resumes == 0"]);
}
