//! What is known of texts and kinds to do harm, or to fail, when it is done a second time. What is not known is taken as safe.

mod commands;
mod sed;

use commands::commands;
use std::collections::BTreeSet;
use wf_model::expression::{Expression, ExpressionKind, TextPart};
use wf_model::kind::{EffectRule, Registry, TextSyntax};
use wf_model::program::{AttributeValue, Callee, Effect, Invocation, Step};
use wf_model::script::ScriptPart;
use wf_model::value::Value;

/// A command that a second time does harm, or fails.
struct Habit {
    /// Its words without options, the name first.
    words: &'static [&'static str],
    /// Options with which it does not: one letter of `-f`, or a word such as `--if-exists`.
    unless: &'static [&'static str],
    /// What happens.
    harm: &'static str,
    /// Whether it only fails, so that whoever catches its failure is not harmed.
    only_fails: bool,
}

const HABITS: [Habit; 20] = [
    Habit { words: &["rm"], unless: &["-f", "--force"], harm: "a second `rm` fails: write `rm -f`", only_fails: true },
    Habit { words: &["rmdir"], unless: &[], harm: "a second `rmdir` fails", only_fails: true },
    Habit { words: &["mkdir"], unless: &["-p", "--parents"], harm: "a second `mkdir` fails: write `mkdir -p`", only_fails: true },
    Habit { words: &["mv"], unless: &[], harm: "a second `mv` fails, or moves something else", only_fails: true },
    Habit { words: &["ln"], unless: &["-f", "--force"], harm: "a second `ln` fails: write `ln -f`", only_fails: true },
    Habit { words: &["umount"], unless: &[], harm: "a second `umount` fails", only_fails: true },
    Habit { words: &["kill"], unless: &[], harm: "a second `kill` fails, or ends another process", only_fails: false },
    Habit { words: &["useradd"], unless: &[], harm: "a second `useradd` fails", only_fails: true },
    Habit { words: &["userdel"], unless: &[], harm: "a second `userdel` fails", only_fails: true },
    Habit {
        words: &["dropdb"],
        unless: &["--if-exists"],
        harm: "a second `dropdb` fails: write `--if-exists`",
        only_fails: true,
    },
    Habit { words: &["createdb"], unless: &[], harm: "a second `createdb` fails", only_fails: true },
    Habit {
        words: &["git", "revert"],
        unless: &[],
        harm: "a second `git revert` reverts another commit, or fails",
        only_fails: false,
    },
    Habit {
        words: &["git", "stash", "pop"],
        unless: &[],
        harm: "a second `git stash pop` takes another stash",
        only_fails: false,
    },
    Habit {
        words: &["kubectl", "rollout", "undo"],
        unless: &["--to-revision"],
        harm: "a second `kubectl rollout undo` goes back to what was undone: say `--to-revision`",
        only_fails: false,
    },
    Habit {
        words: &["kubectl", "delete"],
        unless: &["--ignore-not-found"],
        harm: "a second `kubectl delete` fails: write `--ignore-not-found`",
        only_fails: true,
    },
    Habit { words: &["git", "tag", "-d"], unless: &[], harm: "a second `git tag -d` fails", only_fails: true },
    Habit {
        words: &["docker", "rm"],
        unless: &["-f", "--force"],
        harm: "a second `docker rm` fails: write `--force`",
        only_fails: true,
    },
    Habit {
        words: &["helm", "uninstall"],
        unless: &["--ignore-not-found"],
        harm: "a second `helm uninstall` fails: write `--ignore-not-found`",
        only_fails: true,
    },
    Habit { words: &["unlink"], unless: &[], harm: "a second `unlink` fails", only_fails: true },
    Habit { words: &["patch"], unless: &[], harm: "a second `patch` does not fit any more", only_fails: true },
];

/// Why an invocation may do harm a second time; `None` where that is not known.
pub(super) fn harm(invocation: &Invocation, kinds: &Registry) -> Option<String> {
    let Callee::Kind(name) = &invocation.callee else { return None };
    let kind = kinds.get(name)?;
    if matches!(kind.effect, EffectRule::ByAttribute { .. })
        && invocation.effect(kinds) == (Effect::Changes { repeatable: false })
    {
        return Some(format!("a second request of `{name}` may take effect again"));
    }
    invocation.attributes.iter().find_map(|given| {
        let text = text_of(&given.value);
        match kind.attribute(&given.name).map(|attribute| attribute.text) {
            Some(TextSyntax::Shell) => of_shell(&text).map(str::to_owned),
            Some(TextSyntax::Sql) if invocation.attribute("once").is_none() => of_sql(&text).map(str::to_owned),
            _ => None,
        }
    })
}

/// Whether a step is known to do harm a second time; what only fails then does none.
pub(super) fn step_does_harm(step: &Step, kinds: &Registry) -> bool {
    let Callee::Kind(name) = &step.invocation.callee else { return false };
    let by_kind = kinds.get(name).is_some_and(|kind| matches!(kind.effect, EffectRule::ByAttribute { .. }));
    let changes = step.effect(kinds) == (Effect::Changes { repeatable: false });
    let repeats = harm(&step.invocation, kinds).is_some_and(|harm| {
        [INSERT, ADDS, INSERTS, COUNTS, EDITS, APPENDS, POSTS].contains(&&*harm)
            || HABITS.iter().any(|habit| !habit.only_fails && habit.harm == harm)
    });
    changes && (by_kind || repeats)
}

/// Whether the kind of a step has a way of its own to take effect once, however often it runs.
pub(super) fn has_way(step: &Step, kinds: &Registry) -> bool {
    let Callee::Kind(name) = &step.invocation.callee else { return false };
    kinds.get(name).is_some_and(|kind| kind.attribute("once").is_some())
}

/// `curl -X POST`, and what curl sends as one.
fn is_post(words: &[String]) -> bool {
    let is = |wanted: &str| words.iter().any(|word| word == wanted);
    words.first().is_some_and(|name| name == "curl")
        && (is("POST") || is("-XPOST") || is("-d") || is("--data") || is("--data-raw") || is("--json") || is("-F"))
        && !is("PUT")
        && !is("DELETE")
}

/// The text of an attribute as far as the program says it, each value as `x`.
fn text_of(value: &AttributeValue) -> String {
    match value {
        AttributeValue::Script(script) => script
            .parts
            .iter()
            .map(|part| match part {
                ScriptPart::Literal(text) => &**text,
                ScriptPart::Value { .. } => "x",
            })
            .collect(),
        AttributeValue::Expression(expression) => words_of(expression),
    }
}

fn words_of(expression: &Expression) -> String {
    match &expression.kind {
        ExpressionKind::Literal(Value::String(text)) => text.to_string(),
        ExpressionKind::Text(parts) => parts
            .iter()
            .map(|part| match part {
                TextPart::Literal(text) => &**text,
                TextPart::Value(_) => "x",
            })
            .collect(),
        ExpressionKind::List(words) => words.iter().map(words_of).collect::<Vec<_>>().join(" "),
        ExpressionKind::Convert(inner) | ExpressionKind::As(inner) => words_of(inner),
        _ => String::new(),
    }
}

fn of_shell(text: &str) -> Option<&'static str> {
    let caught = ["||", "test ", "[ ", "set +e", "exit 0", "; true"];
    let is_caught = caught.iter().any(|word| text.contains(word));
    if text.contains(">>") {
        return Some(APPENDS);
    }
    let all = commands(text);
    // What is made anew before it is moved can be moved again.
    let (mut known, mut commands) = (BTreeSet::new(), Vec::new());
    for words in &all {
        let arguments = || words.iter().skip(1).filter(|word| !word.starts_with('-'));
        if words.first().is_none_or(|name| name != "mv") || !arguments().any(|word| known.contains(word)) {
            commands.push(words);
        }
        known.extend(arguments());
    }
    let habits = HABITS.iter().filter(|habit| !(habit.only_fails && is_caught));
    let known = habits.into_iter().find(|habit| commands.iter().any(|words| has(words, habit))).map(|habit| habit.harm);
    let posts = || commands.iter().any(|words| is_post(words)).then_some(POSTS);
    let edits = || commands.iter().any(|words| sed::edits_again(words)).then_some(EDITS);
    known.or_else(posts).or_else(edits).or_else(|| commands.iter().find_map(|words| of_client(words)))
}

/// What a client of a database does a second time with the statements that it is given.
fn of_client(words: &[String]) -> Option<&'static str> {
    let (name, rest) = words.split_first()?;
    let is_client = ["psql", "mysql", "mariadb", "sqlite3"].contains(&name.as_str());
    match rest.iter().filter(|_| is_client).find_map(|word| of_sql(word))? {
        INSERT => Some(INSERTS),
        _ => Some(COUNTS),
    }
}

fn has(words: &[String], habit: &Habit) -> bool {
    let is_wanted = |word: &&str| !word.starts_with('-') || habit.words.contains(word);
    let plain: Vec<&str> = words.iter().map(String::as_str).filter(is_wanted).collect();
    let begins = plain.len() >= habit.words.len() && plain.iter().zip(habit.words).all(|(word, wanted)| word == wanted);
    let option = |word: &String, option: &&str| match option.strip_prefix("--") {
        Some(_) => word == option || word.starts_with(&format!("{option}=")),
        None => word.starts_with('-') && !word.starts_with("--") && word.contains(option.trim_start_matches('-')),
    };
    begins && !words.iter().any(|word| habit.unless.iter().any(|unless| option(word, unless)))
}

const POSTS: &str = "a second POST may take effect again";
const APPENDS: &str = "a second `>>` appends once more";
const INSERT: &str = "a second `insert` adds the rows again: say `once`";
const ADDS: &str = "a second `update` counts again: say `once`";
const INSERTS: &str = "a second `insert` adds the rows again: say `on conflict`, or let a `sql` step do it with `once`";
const COUNTS: &str = "a second `update` counts again: write the number itself, or let a `sql` step do it with `once`";
const EDITS: &str = "a second `sed -i` changes what the first one wrote";

fn of_sql(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    let words: Vec<&str> = text.split_whitespace().collect();
    let inserts = words.windows(2).any(|pair| pair == ["insert", "into"])
        && !text.contains("on conflict")
        && !text.contains("on duplicate");
    // `set n = n - 1`
    let adds = words
        .windows(5)
        .any(|window| matches!(window, [_, name, "=", same, sign] if name == same && (*sign == "+" || *sign == "-")));
    if inserts { Some(INSERT) } else { adds.then_some(ADDS) }
}

#[cfg(test)]
mod tests {
    use super::{commands, is_post, of_shell, of_sql};

    #[test]
    fn what_harms_or_fails_a_second_time_is_known() {
        for text in [
            "rm x",
            "rm -r x",
            "mkdir a",
            "cd x && mv a b",
            "echo x >> log",
            "kubectl rollout undo deploy/api",
            "FOO=1 dropdb x",
            "(rm x)",
            "if true; then rm x; fi",
            "nohup rm x",
            "git tag -d v1",
            "curl -d a https://pay",
            "bash -c 'cd x; rm y'",
            "sudo -u app timeout 5 mkdir a",
            "sed -i 's/^/# /' hosts",
            "psql -c \"insert into t values (1)\" shop",
            "sqlite3 shop.db 'update t set n = n + 1'",
        ] {
            assert!(of_shell(text).is_some(), "{text}");
        }
        for text in [
            "rm -rf x",
            "mkdir -p a",
            "rm x || true",
            "cp -- a b && mv -- b c",
            "if [ -e x ]; then rm x; fi",
            "set +e; userdel app; exit 0",
            "kubectl apply -f x",
            "",
            "echo rm",
            "echo 'rm x; rm y'",
            "bash -c 'rm -f x'",
            "sed -i 's/^a=.*/a=1/' hosts",
            "psql -c 'insert into t values (1) on conflict do nothing'",
            "echo 'insert into t values (1)'",
        ] {
            assert!(of_shell(text).is_none(), "{text}");
        }
    }

    #[test]
    fn statements_that_count_or_add_are_known() {
        assert!(of_sql("INSERT INTO t VALUES (1)").is_some());
        assert!(of_sql("update t set n = n - 1 where id = x").is_some());
        for text in ["insert into t values (1) on conflict do nothing", "update t set n = 1", "delete from t"] {
            assert!(of_sql(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_post_is_known_by_its_options() {
        let post = |text: &str| commands(text).iter().any(|words| is_post(words));
        assert!(post("curl -X POST https://pay") && post("true && curl -d a=1 https://pay"));
        assert!(!post("curl https://pay") && !post("curl -X PUT -d a=1 https://pay"));
    }
}
