//! Reading of secrets.

use super::{Lookup, output, read};
use std::ffi::OsString;
use std::fs;
use wf_model::expression::ValueId;
use wf_model::program::{Body, SecretDeclaration, SecretSource, Workflow};
use wf_model::span::Span;
use wf_model::value::{Secret, Value};

fn workflow(here: &str, sources: Vec<SecretSource>) -> Workflow {
    let secrets = vec![SecretDeclaration { name: "token".into(), value: ValueId(0), sources, span: Span::default() }];
    let mut workflow = Workflow { secrets, ..Workflow::empty("main".into(), here.into(), Span::default()) };
    workflow.bodies.add(Body::default());
    workflow
}

fn environment(name: &str) -> Option<OsString> {
    [("FULL", "x y\n"), ("EMPTY", "")].iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into())
}

const LOOKUP: Lookup<'_> = Lookup { variable: &environment, command: &output };

fn secret(here: &str, sources: Vec<SecretSource>) -> Result<Value, String> {
    let secrets = read(&workflow(here, sources), LOOKUP);
    secrets.map(|secrets| secrets.values[0].1.clone()).map_err(|diagnostics| diagnostics[0].primary.text.clone())
}

#[test]
fn sources_are_tried_in_order_and_an_empty_one_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("token"), "from file\r\n").unwrap();
    let here = folder.path().to_str().unwrap();
    let environment = |name: &str| SecretSource::Environment(name.into());
    let (file, none) = (SecretSource::File("token".into()), SecretSource::File("nothing".into()));
    let command = SecretSource::Command(["sh", "-c", "printf 'from %s\\n' command"].map(Into::into).to_vec());
    let text = |text: &str| Ok(Value::Secret(Secret::new(text)));
    assert_eq!(secret(here, vec![environment("FULL"), file.clone()]), text("x y\n"), "a variable is taken as it is");
    assert_eq!(secret(here, vec![environment("EMPTY"), file]), text("from file"));
    assert_eq!(secret(here, vec![none.clone(), command]), text("from command"));
    let failing = SecretSource::Command(["sh", "-c", "exit 3"].map(Into::into).to_vec());
    assert_eq!(
        secret(here, vec![environment("EMPTY"), environment("ABSENT"), none, failing]),
        Err("environment variable EMPTY is empty; environment variable ABSENT is not set; file nothing is not there; command `sh` exited with code 3".to_owned())
    );
}

#[test]
fn variables_of_secrets_are_withheld_from_steps() {
    let sources = vec![SecretSource::Environment("FULL".into()), SecretSource::Environment("OTHER".into())];
    assert_eq!(read(&workflow("/", sources), LOOKUP).unwrap().withheld, ["FULL", "OTHER"]);
}
