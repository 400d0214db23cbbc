//! Parameters, secrets, outputs and settings (§5).

use super::{NOTHING, said};

const USE: &str = "\nstep show: shell \"echo ${a}\"";

#[test]
fn a_parameter_has_a_type_or_a_default_that_gives_one() {
    assert_eq!(said(&format!("param a = 1{USE}")), NOTHING);
    for default in ["[]", "null", "{}"] {
        let shown = said(&format!("param a = {default}\nstep show: shell \"x\" when a == a"));
        assert_eq!(shown.first().map(String::as_str), Some(format!("ambiguous-default @ {default}").as_str()), "{shown:?}");
    }
}

#[test]
fn a_default_uses_earlier_parameters_only() {
    assert_eq!(said("param a: int\nparam b: int = a + 1\nstep show: shell \"echo ${b}\""), NOTHING);
    let later = said("param a: int = b\nparam b: int\nstep show: shell \"echo ${a}\"");
    assert_eq!(later.len(), 1, "{later:?}");
    assert!(later.iter().all(|found| found.ends_with("@ b")), "{later:?}");
    let step = said("param a: string = b.stdout\nstep b: shell \"echo ${a}\"");
    assert_eq!(step.len(), 1, "{step:?}");
}

#[test]
fn a_default_fits_its_type_and_its_condition() {
    assert_eq!(said(&format!("param a: int = \"x\"{USE}")), ["type-mismatch @ \"x\""]);
    assert_eq!(said(&format!("param a: int = 3 where a > 5{USE}")), ["default-breaks-constraint @ 3"]);
    assert_eq!(said(&format!("param a: int = 7 where a > 5{USE}")), NOTHING);
}

#[test]
fn outputs_have_names_of_their_own_and_hold_no_secret() {
    assert_eq!(said("output a: int = 1\noutput a: int = 2"), ["duplicate-name @ a"]);
    assert_eq!(said("secret a from env \"A\"\noutput b = a"), ["secret-leak @ a"]);
    assert_eq!(said("step a: shell \"x\"\noutput b: string = a.stdout"), NOTHING);
}

#[test]
fn settings_are_three() {
    assert_eq!(said("env: { A: \"b\" }\ncwd: \"./x\"\nshell: \"bash\"\nstep a: shell \"x\""), NOTHING);
    assert_eq!(said("envs: { A: \"b\" }\nstep a: shell \"x\""), ["unknown-setting @ envs"]);
    assert_eq!(said("env: { A: \"b\" }\nenv: { A: \"c\" }\nstep a: shell \"x\""), ["repeated-setting @ env"]);
}

#[test]
fn parts_stand_in_their_order() {
    assert_eq!(said("step a: shell \"x\"\nenv: { A: \"b\" }"), ["misplaced @ env: { A: \"b\" }"]);
    assert_eq!(said("step a: shell \"x\"\ntimeout 5m"), ["misplaced @ timeout 5m"]);
    let handler = said("step a: shell \"x\"\non failure {\n  step b: shell \"y\"\n}\nstep c: shell \"z\"");
    assert_eq!(handler.len(), 1, "{handler:?}");
}

#[test]
fn the_fewest_parts_are_misplaced() {
    let early = said("on failure {\n  step b: shell \"y\"\n}\nstep a: shell \"x\"\nstep c: shell \"z\"\ntimeout 5m");
    assert_eq!(early, ["misplaced @ on failure {\n  step b: shell \"y\"\n}", "misplaced @ timeout 5m"]);
}

#[test]
fn a_setting_sees_all_parameters_and_secrets() {
    assert_eq!(said("env: { A: a, T: t }\nparam a: string\nsecret t from env \"T\"\nstep b: shell \"x\""), NOTHING);
    assert_eq!(said("env: { A: b }\nstep b: shell \"x\" -> string"), ["used-before-declared @ b"]);
}

/// Sixty declarations, each of which uses the one before.
fn each_uses_the_one_before(first: &str, next: &str) -> String {
    let next = |number: usize| next.replace("NEW", &format!("v{number}")).replace("OLD", &format!("v{}", number - 1));
    first.to_owned() + &(1..60).map(next).collect::<String>()
}

#[test]
fn a_type_that_doubles_with_every_declaration_is_refused() {
    for next in ["let NEW = { a: OLD, b: OLD }\n", "let NEW = [{ a: OLD, b: OLD } for x in [1]]\n"] {
        let shown = said(&each_uses_the_one_before("let v0 = 1\n", next));
        assert!(shown.iter().any(|found| found.starts_with("type-too-large @ ")), "{shown:?}");
    }
    let step = "\n}\nworkflow NEW {\nstep s: OLD\noutput a = s\noutput b = s";
    let shown = said(&each_uses_the_one_before("}\nworkflow v0 {\noutput a = 1\noutput b = 1", step));
    assert!(shown.iter().any(|found| found.starts_with("type-too-large @ v")), "{shown:?}");
}

#[test]
fn the_way_of_a_secret_through_many_declarations_is_told_in_short() {
    let text = each_uses_the_one_before("secret v0 from env \"A\"\n", "let NEW = [OLD, OLD]\n") + "output o = v59";
    let found = super::compiled(&[("main.wf", &format!("workflow main {{\n{text}\n}}\n"))]).diagnostics;
    let leak = found.iter().find(|found| found.slug == "secret-leak").expect("the secret leaks");
    assert!(leak.labels.len() <= 17, "{leak:#?}");
    assert_eq!(leak.labels.last().map(|label| label.text.as_str()), Some("`v0` is a secret"), "{leak:#?}");
}
