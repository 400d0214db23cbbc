//! The examples of step kinds are files that the language reads, and name the attributes that there are.

use wf_model::span::SourceId;

#[test]
fn the_example_of_every_kind_parses() {
    for kind in wf_steps::registry().iter() {
        let parsed = wf_syntax::parse(SourceId(0), kind.example);
        let messages: Vec<_> =
            parsed.diagnostics.iter().map(|found| (&found.message, kind.example.get(found.primary.span.range()))).collect();
        assert!(messages.is_empty(), "the example of {}: {messages:?}", kind.name);
    }
}
