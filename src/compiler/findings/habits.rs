//! Words that YAML, Actions and Make have for what is said otherwise here.

/// What other tools call an attribute.
const ATTRIBUTES: [(&str, &str); 13] = [
    ("script", "run"),
    ("cmd", "run"),
    ("command", "run"),
    ("commands", "run"),
    ("working_directory", "cwd"),
    ("working_dir", "cwd"),
    ("workdir", "cwd"),
    ("dir", "cwd"),
    ("chdir", "cwd"),
    ("environment", "env"),
    ("environ", "env"),
    ("envs", "env"),
    ("uri", "url"),
];

/// What is no attribute here, and how it is said.
const CLAUSES: [(&str, &str); 37] = [
    ("needs", AFTER),
    ("need", AFTER),
    ("depends_on", AFTER),
    ("depends", AFTER),
    ("dependencies", AFTER),
    ("requires", AFTER),
    ("after", AFTER),
    ("retries", RETRY),
    ("retry", RETRY),
    ("attempts", RETRY),
    ("max_attempts", RETRY),
    ("max_retries", RETRY),
    ("when", CONDITION),
    ("if", CONDITION),
    ("unless", CONDITION),
    ("only_if", CONDITION),
    ("on_failure", FAILURE),
    ("on_error", FAILURE),
    ("continue_on_error", FAILURE),
    ("allow_failure", FAILURE),
    ("ignore_errors", FAILURE),
    ("timeout_minutes", TIMEOUT),
    ("timeout_seconds", TIMEOUT),
    ("timeout", TIMEOUT),
    ("undo", "Write `undo shell \"rm result\"`, a clause without a colon: a kind and what it takes."),
    ("name", NAME),
    ("id", NAME),
    ("outputs", "A step gives what its kind gives; what it prints is read with `-> T`, such as `-> [string]`."),
    ("with", "Write the attributes themselves into the body, each as `NAME: …`."),
    ("uses", "Name a kind or a workflow behind the step's name: `step NAME: shell \"make\"`, `step NAME: deploy { … }`."),
    ("steps", "Write the steps into the body, each as `step NAME: shell \"make\"`."),
    ("jobs", "Write the steps into the body, each as `step NAME: shell \"make\"`."),
    ("runs_on", "A run happens where `wfc` is started; a step of kind `docker` names its image."),
    ("on", "Write `trigger schedule \"0 2 * * *\"`, `on failure { … }` or `on unknown ask`."),
    ("vars", VALUE),
    ("variables", VALUE),
    ("inputs", "Declare each with `param NAME: string`."),
];

const AFTER: &str = "Write `depends on NAME` behind the kind: `step b: shell \"make\" depends on a`.";
const RETRY: &str = "Write `retry 3 times`, a clause without a colon.";
const CONDITION: &str = "Write `when CONDITION` behind the kind: `step b: shell \"make\" when CONDITION`.";
const FAILURE: &str = "Write `on failure continue`, a clause without a colon.";
const TIMEOUT: &str = "Write `timeout 5m`, a clause without a colon.";
const NAME: &str = "The name stands in the head, `step NAME: shell \"make\"`; a line `## …` above it says more.";
const VALUE: &str = "Declare each with `let NAME = …`.";

/// The attribute that another tool calls `name`.
pub(crate) fn attribute_meant(name: &str) -> Option<&'static str> {
    ATTRIBUTES.iter().find(|(theirs, _)| *theirs == name).map(|(_, ours)| *ours)
}

/// How that is said which another tool says with an attribute `name`.
pub(crate) fn said_otherwise(name: &str) -> Option<&'static str> {
    CLAUSES.iter().find(|(theirs, _)| *theirs == name).map(|(_, help)| *help)
}
