//! The words of the language by their places, each with what it usually stands before, as a snippet.

use super::surroundings::Surroundings;

/// A word, and a snippet that begins with it.
pub(crate) type Phrase = (&'static str, &'static str);

const FILE: &[Phrase] = &[
    ("use", "use \"$1\" as $2"),
    ("type", "type ${1:Name} = $0"),
    ("let", "let ${1:name} = $0"),
    ("workflow", "workflow ${1:name} {\n  $0\n}"),
    ("test", "test \"${1:what it shows}\" {\n  run ${2:workflow}\n  $0\n}"),
];

const DECLARATIONS: &[Phrase] = &[
    ("param", "param ${1:name}: ${2:string}"),
    ("secret", "secret ${1:name} from env \"${2:NAME}\""),
    ("output", "output ${1:name} = $0"),
    ("trigger", "trigger ${1|schedule,change,webhook|} \"$2\""),
    ("env", "env: { $0 }"),
    ("cwd", "cwd: \"$0\""),
    ("shell", "shell: \"${0:bash}\""),
];

const STATEMENTS: &[Phrase] = &[
    ("step", "step ${1:name}: ${2:shell} \"$3\""),
    ("let", "let ${1:name} = $0"),
    ("if", "if ${1:condition} {\n  $0\n}"),
    ("stage", "stage {\n  $0\n}"),
    ("parallel", "parallel {\n  $0\n}"),
    ("for each", "for each ${1:item} in ${2:list} {\n  $0\n}"),
    ("repeat until", "repeat until ${1:condition} pause ${2:10s} max ${3:10} times {\n  $0\n}"),
];

const OF_SEQUENCES: &[Phrase] = &[("checkpoint", "checkpoint ${1:name}"), ("commit", "commit")];

const HANDLERS: &[Phrase] = &[
    ("on failure", "on failure {\n  $0\n}"),
    ("on success", "on success {\n  $0\n}"),
    ("on cancel", "on cancel {\n  $0\n}"),
    ("on failure or cancel", "on failure or cancel {\n  $0\n}"),
    ("finally", "finally {\n  $0\n}"),
];

const ROLLBACKS: &[Phrase] =
    &[("rollback", "rollback"), ("rollback to", "rollback to ${1:checkpoint}"), ("rollback manually", "rollback manually")];

const BODY_CLAUSES: &[Phrase] = &[
    ("timeout", "timeout ${1:5m}"),
    ("retry", "retry ${1:3} times"),
    ("lock", "lock \"$1\""),
    ("on failure continue", "on failure continue"),
    ("fail fast", "fail fast"),
];

const STEP_CLAUSES: &[Phrase] = &[
    ("timeout", "timeout ${1:5m}"),
    ("retry", "retry ${1:3} times"),
    ("expect", "expect $0"),
    ("reads only", "reads only"),
    ("undo", "undo ${1:shell} \"$2\""),
    ("no undo", "no undo \"${1:why}\""),
    ("on failure continue", "on failure continue"),
    ("on unknown", "on unknown ${1|rerun,done,fail,ask|}"),
    ("cache", "cache inputs [$1] outputs [$2]"),
    ("lock", "lock \"$1\""),
    ("estimate", "estimate ${1:1m}"),
];

const TEST: &[Phrase] =
    &[("run", "run ${1:workflow}"), ("mock", "mock ${1:step} succeeds"), ("expect", "expect run.status == \"${1:succeeded}\"")];

/// What an entry may begin with.
pub(crate) fn beginning(surroundings: Surroundings<'_>) -> Vec<Phrase> {
    let groups: &[&[Phrase]] = match surroundings {
        Surroundings::File => &[FILE],
        Surroundings::Workflow => &[DECLARATIONS, STATEMENTS, OF_SEQUENCES, HANDLERS, BODY_CLAUSES],
        Surroundings::Sequence => &[STATEMENTS, OF_SEQUENCES, HANDLERS, BODY_CLAUSES],
        Surroundings::Parallel => &[STATEMENTS, HANDLERS, BODY_CLAUSES],
        Surroundings::Handler => &[STATEMENTS, ROLLBACKS],
        Surroundings::Invocation(_) => &[STEP_CLAUSES, HANDLERS],
        Surroundings::Test => &[TEST],
    };
    groups.concat()
}

/// What may follow a word of an entry; `first` is the word that the entry begins with.
pub(crate) fn following(first: &str, before: &str) -> &'static [&'static str] {
    match (first, before) {
        (_, "on") if first != "step" => &["failure", "success", "cancel", "unknown"],
        (_, "depends") => &["on"],
        ("reads", "reads") => &["only"],
        ("no", "no") => &["undo"],
        ("fail", "fail") => &["fast"],
        ("for", "for") => &["each"],
        ("repeat", "repeat") => &["until"],
        ("trigger", "trigger") => &["schedule", "change", "webhook"],
        ("trigger", "overlap") => &["skip", "queue", "replace", "allow"],
        ("trigger", "catch") => &["up"],
        ("trigger", "up") => &["none", "latest", "all"],
        ("trigger", _) => &["timezone", "overlap", "catch up", "settle", "signed by", "with"],
        ("secret", "from" | "or") => &["env", "file", "command"],
        ("secret", _) => &["from", "or"],
        ("rollback", "rollback") => &["to", "manually"],
        ("on", "unknown") => &["rerun", "done", "fail", "ask", "check"],
        ("on", "failure") => &["or cancel", "continue", "rollback"],
        ("on", "continue") => &["when"],
        ("retry", _) => &["times", "pause", "backoff", "within", "when"],
        ("cache", _) => &["inputs", "outputs", "key"],
        (_, "wait") => &["all", "any", "first"],
        ("parallel" | "for", _) => &["parallel", "wait", "max", "in", "depends on", "when"],
        ("mock", _) => &["succeeds", "fails", "times out", "crashes", "gives", "after"],
        ("run", _) => &["with"],
        ("param", _) => &["where"],
        ("use", _) => &["as"],
        ("step", _) => &["when", "depends on"],
        _ => &[],
    }
}

/// Words that mean something where they are no names, in their order.
const KEYWORDS: [&str; 99] = [
    "after",
    "all",
    "allow",
    "and",
    "any",
    "as",
    "ask",
    "backoff",
    "by",
    "cache",
    "cancel",
    "catch",
    "check",
    "checkpoint",
    "command",
    "commit",
    "contains",
    "continue",
    "crashes",
    "depends",
    "done",
    "each",
    "else",
    "env",
    "estimate",
    "expect",
    "fail",
    "fails",
    "failure",
    "false",
    "fast",
    "file",
    "finally",
    "first",
    "for",
    "from",
    "gives",
    "if",
    "in",
    "inputs",
    "key",
    "latest",
    "let",
    "lock",
    "manually",
    "matches",
    "max",
    "mock",
    "no",
    "none",
    "not",
    "nothing",
    "null",
    "on",
    "only",
    "or",
    "out",
    "output",
    "outputs",
    "overlap",
    "parallel",
    "param",
    "pause",
    "queue",
    "reads",
    "repeat",
    "replace",
    "rerun",
    "retry",
    "rollback",
    "run",
    "secret",
    "settle",
    "signed",
    "skip",
    "stage",
    "step",
    "succeeds",
    "success",
    "test",
    "then",
    "timeout",
    "times",
    "timezone",
    "to",
    "trigger",
    "true",
    "type",
    "undo",
    "unknown",
    "until",
    "up",
    "use",
    "wait",
    "when",
    "where",
    "with",
    "within",
    "workflow",
];

/// Whether a word that is no name belongs to the language.
pub(crate) fn is_keyword(word: &str) -> bool {
    KEYWORDS.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{KEYWORDS, is_keyword};

    #[test]
    fn keywords_are_found() {
        assert!(KEYWORDS.is_sorted());
        assert!(is_keyword("step") && is_keyword("within") && !is_keyword("banana"));
    }
}
