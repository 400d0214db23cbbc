//! Every descriptor is whole.

use crate::{executors, registry};
use wf_model::kind::{Attribute, EffectRule, Kind, Waits};
use wf_model::types::Type;
use wf_model::value::{decode_json, fits_form};
use wf_runtime::engine::waits_for_somebody;

/// The kinds of the reference, in its order.
const REFERENCE: [&str; 13] =
    ["shell", "python", "javascript", "http", "docker", "sql", "file", "notify", "approval", "gate", "agent", "sleep", "signal"];

/// Attributes with their kinds, as `kind.attribute`.
fn attributes() -> Vec<(String, Attribute)> {
    let of = |kind: &Kind| {
        let name = kind.name;
        kind.attributes.clone().into_iter().map(move |attribute| (format!("{name}.{}", attribute.name), attribute))
    };
    registry().iter().flat_map(of).collect()
}

/// Whether `text` is a name as programs write it.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Whether the text of a literal, which all defaults write as JSON does, is one of `type_`.
fn is_literal(text: &str, type_: &Type) -> bool {
    serde_json::from_str(text).is_ok_and(|json| decode_json(&json, type_).is_ok())
}

#[test]
fn every_kind_of_the_reference_is_there_once() {
    let names: Vec<_> = registry().iter().map(|kind| kind.name).filter(|name| REFERENCE.contains(name)).collect();
    assert_eq!(names, REFERENCE);
}

#[test]
fn names_are_written_as_programs_write_names_and_no_two_are_alike() {
    for kind in registry().iter() {
        assert!(is_name(kind.name), "{}", kind.name);
        let mut names: Vec<_> = kind.attributes.iter().map(|attribute| attribute.name).collect();
        assert!(names.iter().all(|name| is_name(name)), "{}: {names:?}", kind.name);
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all, "{} has two attributes of one name", kind.name);
    }
}

#[test]
fn docs_are_sentences_whose_first_stands_alone() {
    let kinds = registry().iter().map(|kind| (kind.name.to_owned(), kind.doc)).collect::<Vec<_>>();
    let attributes = attributes().into_iter().map(|(name, attribute)| (name, attribute.doc));
    for (name, doc) in kinds.into_iter().chain(attributes) {
        assert!(doc.ends_with('.'), "the docs of {name} end without a full stop");
        let first = doc.split("\n\n").next().expect("split gives a first part");
        assert!(first.ends_with('.') && !first.contains('\n'), "the first paragraph of {name} is no single line");
        assert!(doc.starts_with(|c: char| c.is_uppercase() || c == '`'), "the docs of {name} begin in lower case");
    }
}

#[test]
fn defaults_are_literals_of_their_types() {
    for (name, attribute) in attributes() {
        assert!(!attribute.types.is_empty(), "{name} takes nothing");
        let Some(default) = attribute.default else { continue };
        assert!(attribute.types.iter().any(|type_| is_literal(default, type_)), "{name} does not take its default {default}");
        assert!(!attribute.required, "{name} has a default and is required");
    }
}

#[test]
fn main_attributes_exist_and_leave_being_required_to_the_kind() {
    for kind in registry().iter() {
        assert!(!kind.main.is_empty(), "{} has no main attribute", kind.name);
        for main in kind.main {
            let attribute = kind.attribute(main).expect("a main attribute is an attribute");
            assert!(!attribute.required && attribute.default.is_none(), "{}.{main}", kind.name);
        }
    }
}

#[test]
fn attributes_ask_for_and_exclude_those_that_there_are() {
    for kind in registry().iter() {
        for attribute in &kind.attributes {
            let named = attribute.excludes.iter().copied().chain(attribute.asks_for.map(|(name, _)| name));
            assert!(named.into_iter().all(|name| kind.attribute(name).is_some()), "{}.{}", kind.name, attribute.name);
            assert!(attribute.asks_for.is_none_or(|(_, why)| why.ends_with('.')), "{}.{}", kind.name, attribute.name);
        }
    }
}

#[test]
fn the_decoded_field_is_one_of_the_result() {
    for kind in registry().iter() {
        assert!(matches!(kind.result, Type::Record(_)), "the result of {} is no record", kind.name);
        if let Some(field) = kind.decodes {
            assert!(kind.result.field(field).is_some(), "{} decodes {field}, which it does not give", kind.name);
        }
    }
}

#[test]
fn an_effect_by_attribute_names_members_of_its_union() {
    for kind in registry().iter() {
        let EffectRule::ByAttribute { attribute, default, reads, repeatable } = kind.effect else { continue };
        let attribute = kind.attribute(attribute).expect("the attribute of an effect is one of the kind");
        assert_eq!(attribute.default, Some(format!("\"{default}\"").as_str()));
        for value in [reads, repeatable].concat() {
            assert!(attribute.types.iter().any(|type_| fits_form(value, type_)), "{} has no {value}", kind.name);
        }
    }
}

#[test]
fn secrets_fit_where_the_reference_lets_them() {
    let takes: Vec<_> = attributes().into_iter().filter(|(_, attribute)| attribute.takes_secret).map(|(name, _)| name).collect();
    let expected = [
        "shell.run",
        "shell.env",
        "shell.stdin",
        "python.env",
        "javascript.env",
        "http.headers",
        "http.body",
        "http.form",
        "http.auth",
        "docker.run",
        "docker.env",
        "sql.database",
        "agent.command",
        "agent.key",
        "agent.env",
    ];
    assert_eq!(takes, expected);
}

#[test]
fn examples_are_workflows_that_use_their_kind() {
    for kind in registry().iter() {
        assert!(kind.example.starts_with("workflow "), "{}", kind.name);
        assert!(kind.example.contains(&format!(": {} ", kind.name)), "the example of {} does not use it", kind.name);
        for main in kind.main {
            assert!(!kind.example.contains(&format!("{main} \"")), "{}: attributes have a colon", kind.name);
        }
    }
}

#[test]
fn kinds_that_always_wait_are_those_that_the_engine_runs() {
    for kind in registry().iter() {
        let by_engine = executors().get(kind.name).is_none();
        assert_eq!(by_engine, kind.waits == Waits::Always, "{}", kind.name);
        assert_eq!(by_engine, waits_for_somebody(kind.name), "{}", kind.name);
    }
}
