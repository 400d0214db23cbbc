//! What holds of programs in every language that a step runs: the stories, told with a few lines of each language.

use super::{has_ended, keeps_nothing_of, no_argument_holds, scratches};
use crate::cli::Place;
use crate::cli::resume::{killed_at, resumed, start, until};
use crate::injection::strings;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use wf_model::value::DEEPEST_JSON;

/// A language, by the lines of it that the stories need.
pub(super) struct Language {
    pub(super) kind: &'static str,
    pub(super) interpreter: &'static str,
    /// The end of a program's file name.
    pub(super) ending: &'static str,
    /// Writes `texts` as a list to the file of `$WF_OUTPUT`, under `texts`.
    pub(super) echo: &'static str,
    /// Writes its process number to `number`, starts a child, makes the file `begun`, and waits.
    pub(super) wait: &'static str,
    /// Adds a line to `log`; fails with code 7 unless there are two.
    pub(super) second_time: &'static str,
    /// Prints `$TOKEN` to both streams and ends with an error that holds it, in its third line.
    pub(super) tell: &'static str,
    /// What its error is called.
    pub(super) error: &'static str,
    /// Prints `ran`.
    pub(super) print: &'static str,
    /// Code that cannot be read, in its second line.
    pub(super) unreadable: &'static str,
}

impl Language {
    /// A workflow with one step that runs code.
    fn place(&self, code: &str, header: &str, body: &str, rest: &str) -> Place {
        let kind = self.kind;
        let before = "step before: shell \"touch before\" { no undo \"x\" }";
        Place::with(&format!(
            "workflow main {{\n  {rest}\n  {before}\n  step go: {kind} {header} {{\n    code: '''\n{code}\n'''\n    {body}\n  }}\n}}\n"
        ))
    }

    /// Every hostile text, and one of a million bytes, comes back as it is.
    pub(super) fn values_arrive_as_they_are(&self) {
        let body = "inputs: { texts: texts }\n    reads only";
        let place = self.place(self.echo, "-> { texts: [string] }", body, "param texts: [string]");
        let mut texts = strings::all();
        texts.extend(["\0".to_owned(), "a\0b".to_owned(), "x\u{2028}é".repeat(200_000)]);
        place.write("params.json", &json!({ "texts": texts }).to_string());
        let text = place.read("main.wf").replace("  step before", "  output echoed: [string] = go.texts\n  step before");
        let text = moved_to_the_end(&text, "output echoed");
        place.write("main.wf", &text);
        let outcome = place.ran(&["--params", "params.json", "--output", "out.json"]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        let given: Value = serde_json::from_str(&place.read("out.json")).expect("JSON");
        let echoed: Vec<&str> = given["echoed"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        assert_eq!(echoed.len(), texts.len());
        for (echoed, text) in echoed.iter().zip(&texts) {
            assert_eq!(echoed, text);
        }
        assert!(!place.path("canary").exists(), "a value was run");
    }

    /// A value may be as deep as JSON may be anywhere.
    pub(super) fn deep_values_arrive(&self) {
        let place = self.place(self.print, "-> string", "inputs: { deep: deep }\n    reads only", "param deep: json");
        let deep = |depth: usize| format!("{{\"deep\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
        place.write("params.json", &deep(DEEPEST_JSON - 2));
        let outcome = place.ran(&["--params", "params.json"]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    }

    /// An attempt that takes too long ends with all that it started.
    pub(super) fn a_timeout_ends_it_and_what_it_started(&self) {
        let place = self.place(self.wait, "", "timeout 2s\n    reads only", "");
        let outcome = place.ran(&[]);
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("attempt took longer than 2s"), "{}", outcome.stderr);
        has_ended(&place);
        assert_eq!(scratches(&place), [""; 0]);
    }

    /// A cancelled run ends the program and what it started.
    pub(super) fn a_cancel_ends_it_and_what_it_started(&self) {
        let place = self.place(self.wait, "", "timeout 1m\n    reads only", "");
        let mut run = start(&place, &[]);
        until("begun", || place.path("begun").exists());
        kill_process(Pid::from_raw(run.id().cast_signed()).expect("a process number"), Signal::TERM).expect("it runs");
        assert_eq!(run.wait().expect("it ends").code(), Some(143));
        has_ended(&place);
        assert_eq!(scratches(&place), [""; 0]);
    }

    /// A failed attempt is followed by another one.
    pub(super) fn a_failed_attempt_is_followed_by_another(&self) {
        let place = self.place(self.second_time, "", "retry 2 times pause 1ms\n    timeout 1m\n    reads only", "");
        let outcome = place.ran(&[]);
        assert_eq!((outcome.code, place.read("log").lines().count()), (0, 2), "{}", outcome.stderr);
        let place = self.place(self.second_time, "", "reads only", "");
        let outcome = place.ran(&[]);
        assert!(outcome.code == 1 && outcome.stderr.contains("exit code 7"), "{}", outcome.stderr);
    }

    /// A secret stands in nothing that a run writes, and in no process's arguments.
    pub(super) fn secrets_are_masked(&self) {
        let rest = "secret token from env \"TOKEN\"";
        let body = "env: { TOKEN: token }\n    reads only";
        let place = self.place(self.tell, "", body, rest);
        let outcome =
            crate::cli::Outcome::of(place.command(&["run", "main.wf"]).env("TOKEN", "canary-9zQ").output().expect("it starts"));
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("canary-9zQ") && !outcome.stdout.contains("canary-9zQ"), "{}", outcome.stderr);
        let told = format!("exit code 1: {}: bad ***, line 3 of the code", self.error);
        assert!(outcome.stderr.contains(&told), "{}", outcome.stderr);
        keeps_nothing_of(&place, "canary-9zQ");

        let place = self.place(self.wait, "", &format!("{body}\n    timeout 1m"), rest);
        let mut run = place.command(&["run", "main.wf"]).env("TOKEN", "canary-9zR").spawn().expect("it starts");
        until("begun", || place.path("begun").exists());
        no_argument_holds("canary-9zR");
        keeps_nothing_of(&place, "canary-9zR");
        kill_process(Pid::from_raw(run.id().cast_signed()).expect("a process number"), Signal::TERM).expect("it runs");
        run.wait().expect("it ends");
    }

    /// An error names its line, of the code and of a file.
    pub(super) fn errors_name_their_line(&self) {
        let place = self.place(self.unreadable, "", "reads only", "");
        let outcome = place.ran(&[]);
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        assert!(
            outcome.stderr.contains("SyntaxError") && outcome.stderr.contains(", line 2 of the code (main.wf:7)"),
            "{}",
            outcome.stderr
        );

        let name = format!("work/tool.{}", self.ending);
        let step = format!("step go: {} {{ file: \"./{name}\", env: {{ TOKEN: \"x\" }}, reads only }}", self.kind);
        let place = Place::with(&format!("workflow main {{\n  {step}\n}}\n"));
        place.write(&name, self.tell);
        let outcome = place.ran(&[]);
        let told = format!("exit code 1: {}: bad x, line 3 of tool.{}", self.error, self.ending);
        assert!(outcome.code == 1 && outcome.stderr.contains(&told), "{}", outcome.stderr);

        fs_remove(&place, &name);
        let outcome = place.ran(&[]);
        let told = format!("file `{}` is not there", place.path(&name).canonicalize_parent());
        assert!(outcome.code == 1 && outcome.stderr.contains(&told), "{told}\n{}", outcome.stderr);
    }

    /// A name that no program can use is refused before it runs.
    pub(super) fn names_of_inputs_are_checked(&self) {
        for name in ["a-b", "1", "", "if", "__proto__", "__name__"] {
            let place = self.place(self.print, "", "inputs: given\n    reads only", "param given: [string: json]");
            place.write("params.json", &json!({ "given": { name: 1 } }).to_string());
            let outcome = place.ran(&["--params", "params.json"]);
            let told = format!("`inputs` has {name:?}, which is no name of a variable in ");
            assert!(outcome.code == 1 && outcome.stderr.contains(&told), "{}", outcome.stderr);
        }
    }

    /// Where the interpreter is not there, nothing starts.
    pub(super) fn a_missing_interpreter_is_told_before_anything_starts(&self) {
        let place = self.place(self.print, "", "reads only", "");
        let run = |place: &Place, arguments: &[&str]| {
            std::fs::create_dir_all(place.path("bin")).expect("a folder");
            let mut command = place.command(&[&["run", "main.wf"], arguments].concat());
            crate::cli::Outcome::of(command.env("PATH", place.path("bin")).output().expect("it starts"))
        };
        for arguments in [&[][..], &["--dry-run"]] {
            let outcome = run(&place, arguments);
            let told = format!("program `{}` is not on the `PATH`", self.interpreter);
            assert!(outcome.code == 2 && outcome.stderr.contains(&told), "{}", outcome.stderr);
            assert!(outcome.stderr.contains("Nothing was started."), "{}", outcome.stderr);
            assert!(!place.path("before").exists() && place.wfc(&["runs"]).stdout.is_empty());
        }
        // With a `PATH` of its own, only the step itself can tell.
        let place = self.place(self.print, "-> string", "env: { PATH: \"/usr/bin:/bin\" }\n    reads only", "");
        place
            .write("main.wf", &place.read("main.wf").replace("shell \"touch before\"", "shell [\"/usr/bin/touch\", \"before\"]"));
        let outcome = run(&place, &[]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    }

    /// As an undo and in a handler it is as elsewhere.
    pub(super) fn it_undoes_and_handles(&self) {
        let kind = self.kind;
        let place = Place::with(&format!(
            "workflow main {{\n  step made: shell \"echo made; touch made\" -> string {{\n    undo {kind} {{\n      code: '''\n        {}\n        '''\n      inputs: {{ texts: [made] }}\n    }}\n  }}\n  step fails: shell \"exit 3\" {{ reads only }}\n  on failure {{\n    rollback\n    step look: {kind} -> {{ texts: [string] }} {{\n      code: '''\n        {}\n        '''\n      inputs: {{ texts: [failure.message] }}\n      reads only\n    }}\n    step say: shell [\"touch\", (look?.texts ?? []).join(\",\")] {{ no undo \"a note\" }}\n  }}\n}}\n",
            self.echo.replace('\n', "\n        "),
            self.echo.replace('\n', "\n        "),
        ));
        let outcome = place.ran(&[]);
        assert!(outcome.code == 3 && outcome.stderr.contains("undone   made"), "{}", outcome.stderr);
        assert!(place.path("exit code 3").exists(), "{}", outcome.stderr);
    }

    /// A program that was running when its run was killed runs again, where it only reads.
    pub(super) fn a_killed_run_goes_on(&self) {
        let place = self.place(self.wait, "", "timeout 1m\n    reads only", "");
        killed_at(&place, "begun");
        has_ended(&place);
        place.write("free", "");
        let outcome = resumed(&place, &[]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        assert_eq!(scratches(&place), [""; 0]);
    }
}

/// Outputs stand behind what they need.
fn moved_to_the_end(text: &str, line: &str) -> String {
    let (moved, kept): (Vec<&str>, Vec<&str>) = text.lines().partition(|candidate| candidate.trim_start().starts_with(line));
    let body = kept.join("\n");
    let body = body.trim_end().trim_end_matches('}');
    format!("{body}{}\n}}\n", moved.join("\n"))
}

fn fs_remove(place: &Place, name: &str) {
    std::fs::remove_file(place.path(name)).expect("a file");
}

/// A path whose folder is spelled as `wfc` spells it.
trait InFolder {
    fn canonicalize_parent(&self) -> String;
}

impl InFolder for std::path::PathBuf {
    fn canonicalize_parent(&self) -> String {
        let folder = self.parent().and_then(|folder| folder.canonicalize().ok()).expect("a folder");
        folder.join(self.file_name().expect("a name")).display().to_string()
    }
}

/// The tests of a language.
macro_rules! stories {
    ($language:expr) => {
        stories! { $language;
            values_arrive_as_they_are
            deep_values_arrive
            a_timeout_ends_it_and_what_it_started
            a_cancel_ends_it_and_what_it_started
            a_failed_attempt_is_followed_by_another
            secrets_are_masked
            errors_name_their_line
            names_of_inputs_are_checked
            a_missing_interpreter_is_told_before_anything_starts
            it_undoes_and_handles
            a_killed_run_goes_on
        }
    };
    ($language:expr; $($story:ident)*) => {
        $(#[test]
        fn $story() {
            $language.$story();
        })*
    };
}
pub(super) use stories;
