//! Resolving types.

use super::{TypeNames, resolve};
use crate::index::Recorder;
use wf_model::span::SourceId;
use wf_syntax::ast::{Item, TypeDeclaration};

fn resolved(declarations: &str, text: &str) -> (String, Vec<String>) {
    let file = wf_syntax::parse(SourceId(0), declarations).file;
    let types: Vec<&TypeDeclaration> =
        file.items.iter().filter_map(|item| if let Item::Type(type_) = item { Some(type_) } else { None }).collect();
    let mut diagnostics = Vec::new();
    let names = TypeNames::new(&types, &Recorder::default(), &mut diagnostics);
    let (expression, _) = wf_syntax::parse_type(SourceId(0), 0, text);
    let type_ = resolve(&expression, &names, &mut diagnostics);
    (type_.to_string(), diagnostics.iter().map(|found| format!("{}: {}", found.slug, found.message)).collect())
}

#[test]
fn names_stand_for_what_they_are_declared_as() {
    let declarations = "type Builds = [Build]\ntype Build = { tag: string, size: size? }\n";
    assert_eq!(resolved(declarations, "Builds?").0, "[{ tag: string, size: size? }]?");
    assert_eq!(resolved("", "[string: \"a\" | \"b\"]").0, "[string: \"a\" | \"b\"]");
}

#[test]
fn what_is_wrong_with_a_type_is_said_once() {
    for (declarations, text, expected) in [
        ("", "strng", "unknown-type: no type is called `strng`"),
        ("", "Biuld", "unknown-type: no type is called `Biuld`"),
        ("", "boolean", "unknown-type: no type is called `boolean`"),
        ("", "number", "unknown-type: no type is called `number`"),
        ("", "list", "unknown-type: no type is called `list`"),
        ("type A = int\ntype A = string\n", "A", "duplicate-type: type `A` is declared twice"),
        ("type A = [B]\ntype B = { a: A }\n", "int", "recursive-type: type `A` holds itself"),
        ("", "{ a: int, a: string }", "duplicate-field: field `a` stands twice"),
        ("", "\"a\" | \"a\"", "repeated-member: \"a\" stands twice in the union"),
    ] {
        assert_eq!(resolved(declarations, text).1, [expected], "{declarations}{text}");
    }
}

#[test]
fn a_chain_of_types_is_bounded() {
    let chain = |links: usize, last: &str| {
        let link = |number: usize| format!("type A{number} = {}\n", last.replace('@', &format!("A{}", number + 1)));
        (0..links).map(link).collect::<String>() + &format!("type A{links} = int\n")
    };
    let slugs = |(_, found): (String, Vec<String>)| {
        found.iter().map(|found| found.split(':').next().unwrap().to_owned()).collect::<std::collections::BTreeSet<_>>()
    };
    let large = std::collections::BTreeSet::from(["type-too-large".to_owned()]);
    assert!(resolved(&chain(20, "[@]"), "A0").1.is_empty());
    assert_eq!(slugs(resolved(&chain(5_000, "[@]"), "A0")), large);
    assert_eq!(slugs(resolved(&chain(30, "{ a: @, b: @ }"), "A0")), large);
}
