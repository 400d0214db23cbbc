//! What of a text counts for what its workflows are made of.

use crate::{FileProblem, Files, compile};
use wf_model::diagnostic::Level;
use wf_model::kind::Registry;
use wf_model::program::{Contents, WorkflowId};

/// The file `main.wf`, which stands alone.
struct OneFile<'a>(&'a str);

impl Files for OneFile<'_> {
    fn read(&self, _: &str) -> Result<String, FileProblem> {
        Ok(self.0.to_owned())
    }

    fn resolve(&self, _: &str, path: &str) -> String {
        path.to_owned()
    }
}

const BEFORE: &str = "
let greeting = \"hi\"
let unused = \"nobody\"
workflow outer {
  param a: int = 1
  let now = now()
  step b: inner { x: greeting }
  step c: inner { x: now }
  output o: string = b.y
}
workflow inner {
  param x: string
  output y: string = \"${x}!\"
}
workflow other {
  output z: string = now()
}
";

fn contents(text: &str) -> Contents {
    let compilation = compile("main.wf", &OneFile(text), &Registry::new([]), Level::Standard);
    let program = compilation.program.unwrap_or_else(|| panic!("{:#?}", compilation.diagnostics));
    let outer = program.workflows.iter().find(|(_, workflow)| *workflow.name == *"outer").map(|(id, _)| id);
    program.contents(outer.unwrap_or(WorkflowId(0)))
}

/// The names of the workflows that a change of the text changes.
fn changed(from: &str, to: &str) -> Vec<String> {
    assert!(BEFORE.contains(from), "{from}");
    let (before, after) = (contents(BEFORE), contents(&BEFORE.replace(from, to)));
    assert_eq!(before.keys().map(|name| &**name).collect::<Vec<_>>(), ["inner", "outer"]);
    after.iter().filter(|(name, content)| before.get(*name) != Some(content)).map(|(name, _)| name.to_string()).collect()
}

#[test]
fn what_a_workflow_does_counts_and_what_it_calls_and_uses() {
    assert_eq!(changed("${x}!", "${x}?"), ["inner"]);
    assert_eq!(changed("= 1", "= 2"), ["outer"]);
    assert_eq!(changed("\"hi\"", "\"hello\""), ["outer"]);
    assert_eq!(changed("x: now", "x: greeting"), ["outer"]);
    assert_eq!(changed("  step c: inner { x: now }\n", ""), ["outer"]);
}

#[test]
fn what_only_moves_it_does_not_count() {
    assert!(changed("\nworkflow outer", "\n# a remark\n\n\nworkflow outer").is_empty());
    assert!(changed("let greeting", "let first = now()\nlet greeting").is_empty());
    assert!(changed("\"nobody\"", "\"somebody\"").is_empty());
    assert!(changed("workflow outer", "workflow first {\n  output z: string = now()\n}\nworkflow outer").is_empty());
    assert!(changed("step b: inner { x: greeting }", "step b: inner {\n    x: greeting\n  }").is_empty());
    assert!(changed("output z: string", "output z: string?").is_empty());
}

/// The digests of the steps of a workflow with this body, in written order.
fn digests(body: &str) -> Vec<String> {
    let text = format!("workflow main {{\n{body}\n}}\nworkflow inner {{\n  param x: string\n}}\n");
    let compilation = compile("main.wf", &OneFile(&text), &Registry::new([]), Level::Standard);
    let program = compilation.program.unwrap_or_else(|| panic!("{:#?}", compilation.diagnostics));
    let main = program.workflows.get(WorkflowId(0)).expect("the workflow");
    main.statements.iter().filter_map(|(id, _)| program.step_digest(WorkflowId(0), id)).map(|digest| digest.to_string()).collect()
}

#[test]
fn a_step_is_the_same_wherever_it_stands_and_another_where_it_is_given_something_else() {
    let first = digests("param p: string = \"\"\nstep a: inner { x: p }");
    let moved =
        digests("param q: string = \"\"\nparam p: string = \"\"\nstep y: inner { x: q }\nstage {\n step b: inner { x: p }\n}");
    assert_eq!((moved.len(), &moved[1]), (2, &first[0]));
    assert_ne!(moved[0], first[0]);
}
