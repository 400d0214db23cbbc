//! Where parameters of `wfc run` come from, and what is said of those that do not fit.

use super::Place;

const PARAMETERS: &str = r#"
workflow main {
  param env: "dev" | "prod" = "dev"
  param count: int = 1 where count > 0
  param loud: bool = false
  param wait: duration = 5s
  param body: json = null
  output said: string = "${env} ${count} ${loud} ${wait} ${body.to_json()}"
}
"#;

/// A message may be broken into lines.
fn flat(text: &str) -> String {
    text.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn files_of_parameters_that_are_none_are_told() {
    let place = Place::with(PARAMETERS);
    place.write("list.json", "[1]");
    place.write("broken.json", "{");
    place.write("twice.json", r#"{"count": 1, "count": 2}"#);
    place.write("deep.json", &format!("{{\"body\": {}", "[".repeat(100_000)));
    place.write("plain.yaml", "count: 3\n");
    for (file, message) in [
        ("missing.json", "there is no file missing.json"),
        ("list.json", "list.json holds a list where an object is wanted"),
        ("broken.json", "broken.json is not JSON: it ends too early, line 1, column 1"),
        (".", "is a directory"),
        ("twice.json", "twice.json has key `count` twice, line 1, column 20"),
        ("deep.json", "deep.json nests deeper than 127 levels"),
        ("plain.yaml", "plain.yaml is not JSON: a value is expected, line 1, column 1"),
    ] {
        let outcome = place.ran(&["--params", file]);
        assert_eq!(outcome.code, 2, "{file}");
        assert!(outcome.stderr.contains(message), "{file}: {}", outcome.stderr);
        assert!(!outcome.stderr.contains(".wf"), "{file}: {}", outcome.stderr);
    }
    for flag in ["env", "=x", "env=@missing.txt"] {
        assert_eq!(place.ran(&["--param", flag]).code, 2, "{flag}");
    }
}

#[test]
fn nobody_is_asked_where_nobody_sits() {
    let place = Place::with("workflow main {\n  param name: string\n  output o: string = name\n}\n");
    let outcome = place.wfc_with_input(&["run", "main.wf"], b"typed\n");
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("--param name=") && !outcome.stderr.contains("name (string):"), "{}", outcome.stderr);
}

#[test]
fn somebody_at_a_terminal_is_asked_until_it_fits() {
    let place = Place::with("workflow main {\n  ## How many there are.\n  param count: int\n  output o: int = count\n}\n");
    let shown = place.in_terminal("wfc run main.wf", &[("count (int): ", "many\n"), ("does not fit", "7\n")]);
    for part in ["How many there are.", "count (int): ", "that does not fit", "o = 7"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn a_condition_is_looked_at_while_somebody_is_there() {
    let place = Place::with(
        "workflow main {\n  param low: int\n  param high: int where high > low and high < 10\n  output o: int = high\n}\n",
    );
    let typed = [
        ("low (int): ", "4\n"),
        ("high (int): ", "3\n"),
        ("3 does not fit parameter `high` (where high > low and high < 10)", "x\n"),
        ("expected int, found `x`", "5\n"),
    ];
    let shown = place.in_terminal("wfc run main.wf", &typed);
    assert!(shown.contains("o = 5"), "{shown}");
    // The end of the input leaves the parameter missing.
    let shown =
        place.in_terminal("wfc run main.wf", &[("low (int): ", "4\n"), ("high (int): ", "3\n"), ("3 does not fit", "\u{4}")]);
    assert!(shown.contains("parameter `high` is not given"), "{shown}");
}

#[test]
fn values_are_given_as_programs_write_them() {
    let place = Place::with(
        "workflow main {\n  param host: { name: string, port: int }\n  param count: int\n  output o: string = \"${host.name} ${host.port} ${count}\"\n}\n",
    );
    let given = |host: &str| place.ran(&["--param", &format!("host={host}"), "--param", "count=1_000"]);
    for host in [r#"{name: "b", port: 2}"#, "{ name: 'b'\n port: 2 }", r#"{"name": "b", "port": 2}"#] {
        assert_eq!(given(host).stdout, "o = b 2 1000\n", "{host}");
    }
    let told = flat(&given(r#"{"name":"x","prot":1}"#).stderr);
    assert!(told.contains("unknown field `prot`; did you mean `port`?"), "{told}");
    assert!(flat(&place.ran(&["--param", "count="]).stderr).contains("expected int, found an empty text"));
}

#[test]
fn a_parameter_without_its_flag_is_told_how_to_be_given() {
    let place = Place::with(PARAMETERS);
    for argument in ["count=5", "--count=5"] {
        let outcome = place.ran(&[argument]);
        assert_eq!(outcome.code, 2);
        assert!(outcome.stderr.contains("help: Give the parameter as `--param count=5`."), "{}", outcome.stderr);
    }
    for argument in ["--jobs=no", "more", "--x"] {
        assert!(!place.ran(&[argument]).stderr.contains("Give the parameter"), "{argument}");
    }
}

#[test]
fn what_begins_as_json_has_to_be_it() {
    let place = Place::with(PARAMETERS);
    let body = |text: &str| place.ran(&["--param", &format!("body={text}")]);
    for (text, said) in
        [("prod", r#""prod""#), ("12", "12"), ("", r#""""#), (r#"{"a": [1]}"#, r#"{"a":[1]}"#), ("a [b", r#""a [b""#)]
    {
        let outcome = body(text);
        assert_eq!(outcome.stdout, format!("said = dev 1 false 5s {said}\n"), "{}", outcome.stderr);
    }
    for (text, message) in [
        (r#"{"a":"#, "it ends too early, line 1, column 5"),
        ("[1, 2", "it ends too early, line 1, column 5"),
        (r#""open"#, "it ends too early, line 1, column 5"),
        ("{a: 1}", "key must be a string, line 1, column 2"),
        (&"[".repeat(1000), "nests deeper than 127 levels"),
    ] {
        let outcome = body(text);
        assert_eq!(outcome.code, 2, "{text}");
        assert!(flat(&outcome.stderr).contains(message), "{text}: {}", outcome.stderr);
    }
}

#[test]
fn strings_of_a_parameter_file_are_told_from_what_they_look_like() {
    let place = Place::with(PARAMETERS);
    place.write("params.json", r#"{"loud": "true", "wait": "5", "env": "x", "count": "1"}"#);
    let told = flat(&place.ran(&["--params", "params.json"]).stderr);
    for part in [
        "expected bool, found the string \"true\"",
        "expected duration, found the string \"5\"",
        "expected \"dev\" | \"prod\", found the string \"x\"",
        "expected int, found the string \"1\"",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn a_parameter_file_may_begin_with_a_byte_order_mark() {
    let place = Place::with(PARAMETERS);
    place.write("params.json", "\u{feff}{\"count\": 3}");
    assert_eq!(place.ran(&["--params", "params.json"]).stdout, "said = dev 3 false 5s null\n");
}

#[test]
fn advice_about_a_parameter_file_names_those_that_are_there() {
    let place = Place::with(PARAMETERS);
    place.write("staging.json", "{}");
    std::fs::create_dir(place.path("folder")).expect("a folder");
    for (file, help) in [
        ("stagign.json", "Did you mean staging.json?"),
        (".", "The only JSON file in it is staging.json."),
        ("folder", "There is no JSON file in it; name a JSON file."),
    ] {
        let told = place.ran(&["--params", file]).stderr;
        assert!(told.contains(help), "{file}: {told}");
    }
}

#[test]
fn a_workflow_of_stdin_is_named_too() {
    let place = Place::new();
    let text = b"workflow a {\n  output o: int = 1\n}\nworkflow b {\n  output o: int = 2\n}\n";
    assert_eq!(place.wfc_with_input(&["run", "-:b"], text).stdout, "o = 2\n");
    let told = place.wfc_with_input(&["run", "-"], text).stderr;
    assert!(told.contains("<stdin> has several workflows: a, b") && told.contains("`-:a`"), "{told}");
}
