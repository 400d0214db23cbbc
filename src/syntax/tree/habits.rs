//! First words that are a shell's, or a kind without its step: said what they are, and not guessed at.

use super::Parser;
use crate::ast::Body;
use crate::parse::Rule;
use crate::scan::{Entry, Part};
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::span::Span;

/// Commands that scripts begin lines with, besides those that are statements here.
const COMMANDS: [&str; 58] = [
    "export",
    "unset",
    "echo",
    "printf",
    "cd",
    "pushd",
    "popd",
    "source",
    "eval",
    "exec",
    "exit",
    "local",
    "declare",
    "alias",
    "read",
    "test",
    "trap",
    "shift",
    "wait",
    "sudo",
    "su",
    "make",
    "npm",
    "npx",
    "yarn",
    "pnpm",
    "node",
    "pip",
    "cargo",
    "go",
    "git",
    "docker",
    "kubectl",
    "helm",
    "terraform",
    "ansible",
    "aws",
    "gcloud",
    "curl",
    "wget",
    "ssh",
    "scp",
    "rsync",
    "rm",
    "cp",
    "mv",
    "mkdir",
    "touch",
    "chmod",
    "chown",
    "cat",
    "grep",
    "sed",
    "awk",
    "find",
    "ls",
    "tar",
    "set",
];

const SHELL: &str = "Put the lines of the shell into a step: `step NAME: shell \"\"\"…\"\"\"`.";

/// Keywords of other languages, and what does their work here.
const KEYWORDS: [(&str, &str); 20] = [
    ("end", "A body ends with `}`: `if ready { … }`."),
    ("when", "It stands in the head, before the brace: `step b: shell \"make\" when CONDITION { … }`."),
    ("depends", "It stands in the head, before the brace: `step b: shell \"make\" depends on a { … }`."),
    ("unless", "Write `if not CONDITION { … }`."),
    ("then", SHELL),
    ("fi", SHELL),
    ("do", SHELL),
    ("done", SHELL),
    ("esac", SHELL),
    ("while", "Repeat with `repeat until COND pause 5s max 10 times { … }`, or go through a list with `for each`."),
    ("until", "Repeat with `repeat until COND pause 5s max 10 times { … }`."),
    ("case", "Write branches: `if x == \"a\" { … } else if x == \"b\" { … }`."),
    ("switch", "Write branches: `if x == \"a\" { … } else if x == \"b\" { … }`."),
    ("function", "Write a workflow of its own, and call it: `step NAME: build { … }`."),
    ("def", "Write a workflow of its own, and call it: `step NAME: build { … }`."),
    ("try", "Write the statements without it; `on failure { … }` at the end of the workflow runs when one of them fails."),
    ("catch", "Write `on failure { … }` at the end of the workflow."),
    ("return", "Declare what a workflow gives: `output NAME = …`."),
    ("print", "Put it into a step: `step NAME: shell \"echo …\"`."),
    ("for", "Go through a list with `for each x in LIST { … }`, or put the loop of the shell into a step."),
];

/// Those of them that a shell has too.
const KEYWORDS_OF_SHELL: [&str; 5] = ["for", "while", "until", "case", "function"];

/// Kinds of steps, which stand behind a name and a colon.
const KINDS: [&str; 16] = [
    "shell",
    "http",
    "python",
    "javascript",
    "sql",
    "docker",
    "file",
    "sleep",
    "approval",
    "notify",
    "process",
    "gate",
    "signal",
    "agent",
    "bash",
    "sh",
];

/// Whether a word means something to a shell or another language, so that it is no misspelt one of this.
pub(super) fn is_word_elsewhere(word: &str) -> bool {
    COMMANDS.contains(&word) || KINDS.contains(&word) || KEYWORDS.iter().any(|(keyword, _)| *keyword == word)
}

/// A command of the shell where a statement belongs.
struct CommandOfShell<'a> {
    word: Span,
    command: &'a str,
    /// Whether attributes stand here.
    in_step: bool,
}

impl Finding for CommandOfShell<'_> {
    const SLUG: &'static str = "unknown-statement";

    fn diagnostic(&self) -> Diagnostic {
        let help = if self.in_step {
            format!("Put it into the text that the step runs: `run: \"{} …\"`.", self.command)
        } else {
            format!("Put it into a step: `step NAME: shell \"{} …\"`.", self.command)
        };
        Self::at(self.word, format!("`{}` is a command of the shell", self.command)).labelled("not a statement").with_help(help)
    }
}

/// A keyword of another language.
struct KeywordElsewhere<'a> {
    word: Span,
    keyword: &'a str,
    instead: &'static str,
}

impl Finding for KeywordElsewhere<'_> {
    const SLUG: &'static str = "unknown-statement";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.word, format!("no statement begins with `{}`", self.keyword))
            .labelled("a keyword of other languages")
            .with_help(self.instead)
    }
}

/// `shell "make"`, `step: shell "make"`
struct StepWithoutName<'a> {
    head: Span,
    kind: &'a str,
    /// What stands behind the kind.
    behind: &'a str,
}

impl Finding for StepWithoutName<'_> {
    const SLUG: &'static str = "step-without-name";

    fn diagnostic(&self) -> Diagnostic {
        let behind = self.behind.lines().next().unwrap_or("").trim();
        let blank = if behind.is_empty() { "" } else { " " };
        Self::at(self.head, "a step has a name")
            .labelled(format!("a step of kind `{}` without one", self.kind))
            .with_help(format!("Give it a name: `step NAME: {}{blank}{behind}`.", self.kind))
    }
}

impl Parser<'_> {
    /// Whether an entry goes on a line of which all was said: `cd build; make`.
    pub(super) fn goes_on_said(&mut self, head: Span) -> bool {
        let goes_on = self.said.last().is_some_and(|said| {
            let between = self.text.get(said.end as usize..head.start as usize);
            between.is_some_and(str::is_empty)
                && self.text.get(..said.end as usize).is_some_and(|text| text.trim_end_matches(' ').ends_with(';'))
        });
        if goes_on {
            self.said.push(head);
        }
        goes_on
    }

    /// Reports the `if [ -f x ]; then` of a shell; whether the entry is one.
    pub(super) fn condition_of_shell(&mut self, entry: &Entry, word: Span, head: Span) -> bool {
        let behind = self.slice(self.span(word.end as usize, head.end as usize)).trim_start();
        let of_shell = self.slice(word) == "if"
            && entry.parts.len() == 1
            && behind.starts_with('[')
            && !Self::fits(Rule::if_head, self.slice(head));
        if of_shell {
            self.of_shell = true;
            let found = KeywordElsewhere {
                word,
                keyword: "if [",
                instead: "Write `if CONDITION { … }`, or put the lines of the shell into a step.",
            };
            self.said_of_head(entry, head, found.diagnostic());
        }
        of_shell
    }

    /// Reports an entry that begins with a word of the shell or of another language; whether it does.
    pub(super) fn habit(&mut self, entry: &Entry, word: Span, head: Span) -> bool {
        let written = self.slice(word).to_owned();
        let behind = self.slice(head).get(written.len()..).unwrap_or("").trim_start().to_owned();
        if (behind.starts_with('=') && !behind.starts_with("==")) || behind.starts_with(':') {
            return false;
        }
        let step = format!("step name: {}", self.slice(head));
        let has_body = entry.parts.iter().any(|part| matches!(part, Part::Body(_)));
        let found = if let Some((_, instead)) = KEYWORDS.iter().find(|(keyword, _)| *keyword == written) {
            self.of_shell = *instead == SHELL || (KEYWORDS_OF_SHELL.contains(&written.as_str()) && !has_body);
            KeywordElsewhere { word, keyword: &written, instead }.diagnostic()
        } else if !self.in_invocation
            && KINDS.contains(&written.as_str())
            && (has_body || !behind.is_empty())
            && Self::fits(Rule::step_head, &step)
        {
            StepWithoutName { head, kind: &written, behind: &behind }.diagnostic()
        } else if COMMANDS.contains(&written.as_str()) && !(has_body && behind.is_empty()) {
            self.of_shell = true;
            CommandOfShell { word, command: &written, in_step: self.in_invocation }.diagnostic()
        } else {
            return false;
        };
        self.said_of_head(entry, head, found);
        true
    }

    /// As [`Parser::habit`], at the top of a file.
    pub(super) fn habit_of_file(&mut self, entry: &Entry, word: Span, head: Span) -> bool {
        let behind = self.slice(self.span(word.end as usize, head.end as usize)).trim_start();
        let plain = !behind.starts_with([':', '=']) && COMMANDS.contains(&self.slice(word));
        if plain {
            self.of_shell = true;
            let command = self.slice(word).to_owned();
            let found = CommandOfShell { word, command: &command, in_step: false }.diagnostic();
            self.said_of_head(entry, head, found);
        }
        plain
    }

    /// Reports `step: shell "make"`; whether the entry is one.
    pub(super) fn unnamed_step(&mut self, entry: &Entry, colon: Span, head: Span) -> Option<Body> {
        let behind = self.text.get(colon.end as usize..head.end as usize).unwrap_or("").trim_start();
        let length = behind.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').unwrap_or(behind.len());
        let (kind, rest) = behind.split_at_checked(length).unwrap_or((behind, ""));
        let found = StepWithoutName { head, kind, behind: rest }.diagnostic();
        self.said_of_head(entry, head, found)
    }

    /// Reports a head by one diagnostic, and reads what stands in the body all the same.
    fn said_of_head(&mut self, entry: &Entry, head: Span, found: Diagnostic) -> Option<Body> {
        let behind = self.text.get(head.end as usize..).unwrap_or("");
        let semicolons = behind.len() - behind.trim_start_matches([' ', ';']).len();
        self.said.push(self.span(head.start as usize, head.end as usize + semicolons));
        self.diagnostics.push(found);
        self.invocation_body(entry)
    }
}
