//! The places of a shell text that take no value are diagnostics, wherever they stand.

use super::OneFile;
use std::collections::BTreeSet;
use wf_compiler::compile;
use wf_model::diagnostic::{Level, Severity};

/// Each slug with shell texts in which `‹x›` has exactly this finding.
const REFUSED: &[(&str, &[&str])] = &[
    (
        "interpolation-in-quotes",
        &[
            "echo '‹x›'",
            "echo 'a ‹x› b' c",
            "echo \"a\"'‹x›'\"b\"",
            "echo $'‹x›'",
            "v='‹x›'",
            "cat <'‹x›'",
            "echo \"$(echo '‹x›')\"",
            "case '‹x›' in a) ;; esac",
            "cat <<'END'\n‹x›\nEND",
            "cat <<\"END\"\n‹x›\nEND",
            "cat <<\\END\n‹x›\nEND",
            "cat <<E\"N\"D\n‹x›\nEND",
            "cat <<-'END'\n\t‹x›\n\tEND",
        ],
    ),
    (
        "interpolation-in-code",
        &[
            "eval ‹x›",
            "eval \"v=‹x›\"",
            "eval echo ‹x›",
            "command eval ‹x›",
            "sh -c ‹x›",
            "sh -c \"echo ‹x›\"",
            "sh -c 'echo ‹x›'",
            "/bin/bash -euo pipefail -c \"echo ‹x›\"",
            "busybox sh -c ‹x›",
            "env A=b sh -c ‹x›",
            "sudo -u root bash -c \"echo ‹x›\"",
            "timeout 5 sh -c ‹x›",
            "nohup nice -n 5 sh -c ‹x›",
            "xargs -0 sh -c ‹x›",
            "find . -exec sh -c ‹x› \\;",
            "docker run --rm image sh -c ‹x›",
            "kubectl exec pod -- sh -c \"ls ‹x›\"",
            "ssh host ls ‹x›",
            "ssh -p 22 host \"ls ‹x›\"",
            "ssh host <<END\nls ‹x›\nEND",
            "sh <<END\nls ‹x›\nEND",
            "echo \"ls ‹x›\" | sh",
            "{ echo ‹x›; } | sh",
            "(echo ‹x›) | sort | sh",
            "for i in a; do echo ‹x›; done | sh",
            "eval \"$(echo ‹x›)\"",
            "sh -c \"$(printf %s ‹x›)\"",
            "sh <<END\n$(echo ‹x›)\nEND",
            "su -c ‹x› root",
            "awk \"{ print ‹x› }\" f",
            "awk '/‹x›/' f",
            "sed s/a/‹x›/ f",
            "sed -i -e \"s/a/‹x›/\" f",
            "jq .‹x› f",
            "jq -r \".[\\\"‹x›\\\"]\" f",
            "python3 -c \"print('‹x›')\"",
            "python -c ‹x›",
            "perl -e ‹x›",
            "ruby -e ‹x›",
            "node -e ‹x›",
            "psql -c \"select '‹x›'\"",
            "sqlite3 f.db \"select '‹x›'\"",
            "trap \"rm ‹x›\" EXIT",
            "alias a=‹x›",
            "watch ls ‹x›",
            "echo $((1 + ‹x›))",
            "echo \"$((‹x›))\"",
            "v=$((‹x› * 2))",
            "echo \"$[‹x› + 1]\"",
        ],
    ),
    (
        "interpolation-carried",
        &[
            "v=‹x›; eval \"$v\"",
            "v=\"a ‹x›\"; w=$v; sh -c \"echo ${w}\"",
            "for v in ‹list›; do ssh host \"ls $v\"; done",
            "export v=‹x›; echo $((v + 1))",
            "echo $(($v + 1)); v=‹x›",
            "v=$(printf %s ‹x›); awk \"{ print $v }\"",
            "readonly v=‹x›\nsh <<END\nls $v\nEND",
        ],
    ),
    ("interpolation-in-delimiter", &["cat <<‹x›\n"]),
    ("interpolation-in-backticks", &["echo `echo ‹x›`", "echo \"`echo ‹x›`\"", "v=`echo \"‹x›\"`"]),
    (
        "interpolation-in-expansion",
        &[
            "echo ${a:-‹x›}",
            "echo \"${a:-‹x›}\"",
            "echo \"${a:=\"‹x›\"}\"",
            "echo ${a#‹x›}",
            "echo \"${a%%*‹x›}\"",
            "echo \"${a:-$(echo a)‹x›}\"",
            "cat <<END\n${a:-‹x›}\nEND",
        ],
    ),
    (
        "interpolation-in-name",
        &[
            "‹x›=1",
            "a‹x›=1",
            "export ‹x›=1",
            "export ‹x›",
            "readonly a‹x›=1",
            "read -r ‹x›",
            "unset ‹x›",
            "getopts a ‹x›",
            "for ‹x› in a; do :; done",
            "for a‹x› in a; do :; done",
        ],
    ),
    ("interpolation-escaped", &["echo $‹x›", "echo \"$‹x›\"", "echo \\‹x›", "echo \"\\‹x›\"", "cat <<END\n\\‹x›\nEND"]),
    (
        "interpolation-of-list",
        &[
            "echo a‹list›",
            "echo \"‹list›\"",
            "v=‹list›",
            "export v=‹list›",
            "echo a >‹list›",
            "case ‹list› in a) ;; esac",
            "cat <<END\n‹list›\nEND",
        ],
    ),
];

/// The same for texts that only bash reads.
const REFUSED_BY_BASH: &[(&str, &[&str])] = &[
    (
        "interpolation-in-code",
        &[
            "((v = ‹x›))",
            "for ((i = 0; i < ‹x›; i++)); do :; done",
            "[[ ‹x› -eq 1 ]]",
            "[[ 1 -lt \"‹x›\" ]]",
            "v[‹x›]=1",
            "v=([‹x›]=1)",
            "declare -i v=‹x›",
            "local -i v=‹x›",
            "let v=‹x›",
            "bash <<<\"echo ‹x›\"",
            "bash <(echo ‹x›)",
            "source <(echo \"v=‹x›\")",
            ". <(echo ‹x›)",
            "eval \"$(echo ‹x› | sort)\"",
            "sh <<<\"$(echo ‹x›)\"",
            "PS4=‹x›",
            "BASH_ENV=\"‹x›\" bash -c :",
            "compgen -W ‹x›",
            "complete -C ‹x› v",
            "declare -n v=‹x›",
        ],
    ),
    (
        "interpolation-carried",
        &[
            "v=‹x›; ((v > 1))",
            "v=‹x›; [[ $v -gt 1 ]]",
            "v=‹x›; for ((i = v; i < 1; i++)); do :; done",
            "a=(‹x›); echo $((a[0]))",
            "declare -i v; v=‹x›",
            "f() { local -i v=1; v=‹x›; }",
            "bash <<<\"$v\"; v=‹x›",
        ],
    ),
    ("interpolation-in-pattern", &["[[ a =~ ‹x› ]]", "[[ a =~ ^\"‹x›\"$ ]]"]),
    ("interpolation-in-expansion", &["echo ${a/‹x›/b}", "echo \"${a/b/‹x›}\"", "echo ${a[‹x›]}", "echo ${!‹x›}"]),
    (
        "interpolation-in-name",
        &[
            "printf -v ‹x› a",
            "[[ -v ‹x› ]]",
            "[ -v ‹x› ]",
            "declare ‹x›=1",
            "local ‹x›",
            "mapfile -t ‹x›",
            "readarray ‹x›",
            "wait -p ‹x›",
            "select ‹x› in a; do :; done",
        ],
    ),
];

/// Steps that have exactly this finding because of what they run.
const REFUSED_STEPS: &[(&str, &[&str])] = &[
    (
        "computed-code",
        &[
            "shell { run: x }",
            "shell { run: (x) }",
            "shell { run: \"echo \" + x }",
            "shell { run: text }",
            "shell { run: if x == \"\" then \"echo ${x}\" else \"ls\" }",
            "shell { run: [\"a\", x].join(\" \") }",
            "shell { run: read(x) }",
            "shell { run: token }",
            "docker { image: \"alpine\", run: x }",
            "python { code: \"print(\" + x }",
            "javascript { code: x }",
            "sql { database: \"sqlite:a\", query: \"select \" + x }",
        ],
    ),
    (
        "interpolation-in-code",
        &[
            "shell [\"sh\", \"-c\", x]",
            "shell { run: [\"sh\", \"-c\", \"echo ${x}\"] }",
            "shell [\"bash\", \"-euo\", \"pipefail\", \"-c\", \"echo \" + x]",
            "shell [\"ssh\", x, \"ls ${x}\"]",
            "shell [\"awk\", \"/${x}/\", \"file\"]",
            "shell [\"env\", \"A=b\", \"python3\", \"-c\", x]",
            "shell [\"find\", \".\", \"-exec\", \"sh\", \"-c\", x, \";\"]",
            "docker { image: \"alpine\", run: [\"sh\", \"-c\", x] }",
        ],
    ),
    ("interpolation-in-program", &["python { code: \"print('${x}')\" }", "javascript { code: \"log(${x})\" }"]),
];

/// Steps that may run what they do.
const TAKEN_STEPS: &[&str] = &[
    "shell [x, \"a ${x}\", \"-c\", x]",
    "shell [\"sh\", \"-c\", \"echo \\\"$1\\\"\", \"sh\", x]",
    "shell [\"sh\", \"-c\", raw(x)]",
    "shell { run: [\"ls\"] + list }",
    "shell { run: raw(text) }",
    "shell { run: (\"echo ${x}\") }",
];

/// Constructs around a text.
const AROUND: &[(&str, &str)] = &[
    ("", "\n"),
    ("true\n{\n", "\n}\n"),
    ("(\n", "\n)\n"),
    ("if :; then\n", "\nfi\n"),
    ("if\n", "\nthen :; fi\n"),
    ("for i in a b; do\n", "\ndone\n"),
    ("while\n", "\ndo :; done\n"),
    ("f() {\n", "\n}\nf\n"),
    ("case a in (a)\n", "\n;; esac\n"),
    ("v=$(\n", "\n)\n"),
    ("echo \"it's $(\n", "\n)\"\n"),
    ("cat <<OUTER\nit's \"$(\n", "\n)\nOUTER\n"),
    ("true | {\n", "\n} | cat\n"),
    ("! :; time\n", "\n"),
    ("echo 'a' \"b\" `c` \\' \"'\" $'\\'' # it's\n", "\necho it\\'s\n"),
];

/// A file with a shell text, in which `‹…›` is a value.
fn program(text: &str, shell: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('\n', "\\n").replace('\t', "\\t");
    let text = text.replace('‹', "${").replace('›', "}");
    let parameters = "param x: string\nparam list: [string]\noutput all: string = x + list.join(\"\")\n";
    format!("workflow main {{\n{parameters}step work: shell {{\nshell: \"{shell}\"\nrun: \"{text}\"\nreads only\n}}\n}}\n")
}

/// A file with a step.
fn program_of(step: &str) -> String {
    let parameters = "param x: string\nparam list: [string]\nsecret token from env \"TOKEN\"\nlet text = \"echo ${x}\"\n";
    let uses = "step use: shell \"echo ${x} ${list} ${token} ${text}\" { reads only }";
    format!("workflow main {{\n{parameters}step work: {step}\n{uses}\n}}\n")
}

/// The slugs of errors; the program is there where there are none.
fn errors(program: &str) -> BTreeSet<&'static str> {
    let compilation = compile("main.wf", &OneFile(program), wf_steps::registry(), Level::Basic);
    let errors = compilation.diagnostics.iter().filter(|found| found.severity(Level::Basic) == Some(Severity::Error));
    let errors: BTreeSet<_> = errors.map(|found| found.slug).collect();
    assert_eq!(compilation.program.is_none(), !errors.is_empty(), "{program}");
    errors
}

/// Checks each text in all constructs.
fn refused(table: &[(&'static str, &[&str])], shell: &str) {
    let mut wrong = String::new();
    for (slug, texts) in table {
        for (text, (before, after)) in texts.iter().flat_map(|text| AROUND.iter().map(move |around| (text, around))) {
            let text = format!("{before}{text}{after}");
            let found = errors(&program(&text, shell));
            if found != BTreeSet::from([*slug]) {
                wrong += &format!("{found:?}, not {slug}: {text:?}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn forbidden_places_are_diagnostics() {
    refused(REFUSED, "sh");
}

#[test]
fn forbidden_places_of_bash_are_diagnostics() {
    refused(REFUSED_BY_BASH, "bash");
}

#[test]
fn forbidden_places_are_diagnostics_for_every_shell() {
    for shell in ["dash", "bash", "/bin/bash", "busybox sh"] {
        for (slug, texts) in REFUSED {
            texts.iter().for_each(|text| assert_eq!(errors(&program(text, shell)), BTreeSet::from([*slug]), "{shell}: {text}"));
        }
    }
}

#[test]
fn code_that_is_put_together_is_a_diagnostic() {
    for (slug, steps) in REFUSED_STEPS {
        steps.iter().for_each(|step| assert_eq!(errors(&program_of(step)), BTreeSet::from([*slug]), "{step}"));
    }
    TAKEN_STEPS.iter().for_each(|step| assert_eq!(errors(&program_of(step)), BTreeSet::new(), "{step}"));
}
