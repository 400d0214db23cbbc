//! The program at the top of the reference: it checks, it is formatted, and each single mistake in it gives the one diagnostic
//! that a reader expects, at the right place.

use std::collections::BTreeMap;
use wf_compiler::{FileProblem, Files, compile};
use wf_model::diagnostic::Level;

const PROGRAM: &str = include_str!("data/deploy.wf");

struct Memory(BTreeMap<String, String>);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<String, FileProblem> {
        let problem = || FileProblem { message: format!("there is no file {path}"), help: "Write it.".to_owned() };
        self.0.get(path).cloned().ok_or_else(problem)
    }

    fn resolve(&self, _: &str, path: &str) -> String {
        path.to_owned()
    }
}

/// `slug `the text pointed at`` of everything found at standard level.
fn found(text: &str) -> Vec<String> {
    let files = Memory([("/deploy.wf".to_owned(), text.to_owned())].into());
    let compilation = compile("/deploy.wf", &files, wf_steps::registry(), Level::Standard);
    let shown = compilation.diagnostics.iter().filter(|found| found.severity(Level::Standard).is_some());
    let line = |found: &wf_model::diagnostic::Diagnostic| {
        let place = compilation.sources.slice(found.primary.span).lines().next().unwrap_or("");
        format!("{} `{place}`", found.slug)
    };
    shown.map(line).collect()
}

#[test]
fn the_program_of_the_reference_checks() {
    assert_eq!(found(PROGRAM), [] as [&str; 0]);
}

#[test]
fn the_program_of_the_reference_is_formatted() {
    assert_eq!(wf_syntax::format(PROGRAM).as_deref(), Ok(PROGRAM));
}

/// A text of the program, what stands there instead, and the one diagnostic.
const CORRUPTIONS: [(&str, &str, &str); 36] = [
    ("workflow deploy {", "wrokflow deploy {", "unknown-statement `wrokflow`"),
    ("param env:", "parm env:", "unknown-statement `parm`"),
    ("= \"staging\"\n", "= \"stagign\"\n", "unknown-member `\"stagign\"`"),
    ("version: string where", "version: strng where", "unknown-type `strng`"),
    ("\\d+\\.\\d+\\.\\d+$'", "\\d+\\.(\\d+\\.\\d+$'", "pattern-syntax `'^v\\d+\\.(\\d+\\.\\d+$'`"),
    ("[\"eu-west-1\", \"us-east-1\"]", "[\"eu-west-1\", 1]", "type-mismatch `1`"),
    ("secret token from env \"DEPLOY_TOKEN\"", "secret token form env \"DEPLOY_TOKEN\"", "syntax-error `form`"),
    ("api:${version}\"", "api:${verison}\"", "unknown-name `verison`"),
    ("api:${version}\"", "api:${version}", "unclosed-string `\"`"),
    ("api:${version}\"", "api:${VERSION}\"", "shell-expansion `${VERSION}`"),
    ("timeout 15m }", "timeout 15 }", "bare-number `15`"),
    ("timeout 15m }", "timeout 15MB }", "wrong-unit `15MB`"),
    ("timeout 15m }", "timeout: 15m }", "clause-with-colon `timeout:`"),
    ("timeout 15m }\n  }", "timeout 15m }\n", "missing-brace `{`"),
    ("step test: shell", "step lint: shell", "duplicate-name `lint`"),
    ("step test: shell", "step test-all: shell", "hyphenated-name `test-all`"),
    ("step build: docker {", "step build: dockr {", "unknown-kind `dockr`"),
    ("context: \".\"", "contxt: \".\"", "unknown-field `contxt`"),
    ("    tag: image", "    tags: image", "unknown-attribute `tags`"),
    ("    tag: image", "    tag image", "missing-colon `tag`"),
    ("    no undo \"an unused image does no harm\"\n", "", "effect-unstated `step build: docker`"),
    ("env == \"prod\"", "env == \"prd\"", "unknown-member `\"prd\"`"),
    ("if env == \"prod\"", "if env", "condition-not-bool `env`"),
    ("ship: for each region in regions", "ship: foreach region in regions", "unknown-statement `foreach`"),
    ("region in regions", "region in version", "not-iterable `version`"),
    ("-> string { reads only }", "-> string { reads onyl }", "syntax-error `onyl`"),
    ("api=${image}\"", "api='${image}'\"", "interpolation-in-quotes `${image}`"),
    ("retry 2 times backoff 5s to 1m", "retry 2 backoff 5s to 1m", "syntax-error `backoff`"),
    ("api=${before}\"", "api=${befor}\"", "unknown-name `befor`"),
    ("result.json.version", "result.jsn.version", "unknown-field `jsn`"),
    ("result.json.version == version", "result.status == version", "never-equal `result.status == version`"),
    ("output released: [string] = regions", "output released: [int] = regions", "type-mismatch `regions`"),
    ("output released: [string] = regions", "output released: string = token", "secret-leak `token`"),
    ("    rollback\n", "", "undo-never-run `shell \"kubectl --context ${region} set image deployment/api api=${before}\"`"),
    ("${failure.message}", "${failure.mesage}", "unknown-field `mesage`"),
    ("{ to: slack(hook) }", "{ to: hook }", "secret-leak `hook`"),
];

#[test]
fn each_single_mistake_costs_one_diagnostic_at_its_place() {
    let mut problems = String::new();
    for (from, to, expected) in CORRUPTIONS {
        assert!(PROGRAM.contains(from), "{from}");
        let found = found(&PROGRAM.replacen(from, to, 1));
        if found != [expected] {
            problems += &format!("{from} -> {to}\n  expected {expected}\n  found    {found:?}\n");
        }
    }
    assert!(problems.is_empty(), "{problems}");
}
