//! Runs the places of a shell text with values, batch after batch, and compares what arrives.

use super::OneFile;
use super::batch::{BATCH, Batch, Readers};
use super::places::{Place, places, program};
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use wf_compiler::compile;
use wf_model::diagnostic::Level;
use wf_model::expression::{Expression, ExpressionKind, Reference};
use wf_model::program::{AttributeValue, Workflow};
use wf_model::script::{Script, ScriptPart, ScriptPlace};
use wf_model::value::Value;
use wf_runtime::script::render;

/// A shell.
#[derive(Clone, Copy)]
pub(super) struct Shell {
    /// What a `.wf` file calls it.
    pub(super) name: &'static str,
    /// How it is started.
    pub(super) command: &'static [&'static str],
    /// The value of `LC_ALL`.
    pub(super) locale: &'static str,
    /// What it reads.
    pub(super) readers: &'static [Readers],
}

/// A compiled file, with the places in it.
struct Prepared {
    shell: Shell,
    places: Vec<&'static Place>,
    script: Script<Expression>,
    workflow: Workflow,
}

impl Prepared {
    fn new(shell: Shell) -> Self {
        let places = places(shell.readers);
        let text = program(&places, shell.name);
        let compilation = compile("main.wf", &OneFile(&text), wf_steps::registry(), Level::Standard);
        let shown = compilation.diagnostics.iter().filter(|found| found.severity(Level::Standard).is_some());
        let shown: Vec<_> = shown.map(|found| (&found.message, text.get(found.primary.span.range()))).collect();
        assert!(shown.is_empty(), "{shown:#?}");
        let program = compilation.program.expect("a program without findings");
        let (_, workflow) = program.workflows.iter().next().expect("a workflow");
        let step = workflow.statements.iter().find_map(|(_, statement)| statement.kind.step()).expect("a step");
        let run = step.invocation.attribute("run").expect("its text");
        let AttributeValue::Script(script) = &run.value else { panic!("`run` is no script") };
        Self { shell, places, script: script.clone(), workflow: workflow.clone() }
    }

    fn value(&self, batch: &Batch, expression: &Expression) -> Value {
        match &expression.kind {
            ExpressionKind::Convert(inner) => self.value(batch, inner),
            ExpressionKind::Reference(Reference::Value(id)) => {
                batch.value(&self.workflow.values.get(*id).expect("a declaration").name)
            }
            other => panic!("no parameter: {other:?}"),
        }
    }

    /// Runs the script in a new folder. Files with values stand in one whose name needs quoting itself.
    fn run(&self, batch: &Batch, folder: &Path) -> Output {
        let values = folder.join("the step's $(values)");
        let script = self.script.try_map(|expression| Ok::<_, ()>(self.value(batch, expression))).expect("values");
        let rendered = render(&script, &values).expect("values without NUL");
        fs::create_dir(&values).expect("a new folder");
        fs::create_dir(folder.join("out")).expect("a new folder");
        for (name, content) in &rendered.files {
            fs::write(values.join(name), content).expect("a new file");
        }
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("values are UTF-8");
        let (program, options) = self.shell.command.split_first().expect("a program");
        let mut command = Command::new(program);
        command.args(options).arg("-c").arg(&rendered.text).current_dir(folder).stdin(Stdio::null());
        // A run inside a step of another run sees its variables.
        command.envs((1..9).map(|number| (format!("WF_VALUE_{number}"), "of another step")));
        command.envs(rendered.variables.iter().map(|(name, bytes)| (name, text(bytes))));
        command.env("LC_ALL", self.shell.locale).env("HOME", "/home/nobody").env_remove("ENV").env_remove("BASH_ENV");
        command.output().expect("the shell starts; tests/setup installs it")
    }

    /// What is wrong with a run, if anything is.
    fn problem(&self, values: &[&str]) -> Option<String> {
        let folder = tempfile::tempdir().expect("a scratch directory");
        let batch = Batch::new(values);
        let output = self.run(&batch, folder.path());
        let error = String::from_utf8_lossy(&output.stderr);
        let error: String = error.chars().skip(error.chars().count().saturating_sub(500)).collect();
        let about = |what: &str| Some(format!("{} ({}), {}: {what}\n", self.shell.name, self.shell.locale, shown(values)));
        if let Some(difference) = difference(&self.places, &batch, folder.path()) {
            return about(&format!("{difference}\n{error}"));
        }
        if !output.status.success() {
            return about(&format!("{}, {error}", output.status));
        }
        let names = names(folder.path());
        if names != ["out", "received", "received.part", "the step's $(values)"] {
            return about(&format!("there are files {names:?}"));
        }
        None
    }
}

/// What differs between what arrived at the places and what is right, the files in `out` included.
pub(super) fn difference(places: &[&Place], batch: &Batch, folder: &Path) -> Option<String> {
    let mut received = notes(folder).into_iter();
    for (number, place) in places.iter().enumerate() {
        if received.next() != Some(vec!["place".to_owned(), number.to_string()]) {
            return Some(format!("the run ended before {}", place.text));
        }
        for expected in batch.notes(place.text, place.notes) {
            let note = received.next().unwrap_or_default();
            if note != expected {
                return Some(format!("{}\n  gave {}\n  not  {}", place.text, shown(&note), shown(&expected)));
            }
        }
    }
    let files = names(&folder.join("out"));
    (received.next().is_some() || files != batch.files()).then(|| format!("there are files {files:?}, or more notes"))
}

/// The notes of a run: their words.
fn notes(folder: &Path) -> Vec<Vec<String>> {
    let bytes = fs::read(folder.join("received")).unwrap_or_default();
    let mut texts = bytes.split(|byte| *byte == 0).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let mut notes = Vec::new();
    while let Some(count) = texts.next().and_then(|count| count.parse().ok()) {
        notes.push(texts.by_ref().take(count).collect());
    }
    notes
}

/// Texts as a message shows them.
fn shown(texts: &[impl AsRef<str>]) -> String {
    let short = |text: &_| format!("{:?}", AsRef::<str>::as_ref(text).chars().take(60).collect::<String>());
    texts.iter().map(short).collect::<Vec<_>>().join(" ")
}

/// The names in a folder, in order.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().expect("a name in UTF-8")).collect();
    names.sort();
    names
}

/// Runs every place of a shell with every string.
pub(super) fn campaign(shell: Shell, strings: &[String]) {
    let prepared = Prepared::new(shell);
    let padded: Vec<&str> = strings.iter().chain(strings).map(String::as_str).collect();
    let mut problems = String::new();
    for start in (0..strings.len()).step_by(BATCH) {
        let batch = padded.get(start..start + BATCH).expect("more strings than a batch has");
        problems.extend(prepared.problem(batch));
    }
    assert!(problems.is_empty(), "{problems}");
}

/// What a script says that has lost the file of a value: nothing may run behind it.
pub(super) fn without_files(shell: Shell) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a scratch directory");
    let large = "x".repeat(1 << 20);
    let place = ScriptPart::Value { value: Value::string(&large), place: ScriptPlace::Bare };
    let script = Script { parts: vec![ScriptPart::Literal("echo ".into()), place] };
    let rendered = render(&script, folder.path()).expect("a value without NUL");
    let (program, options) = shell.command.split_first().expect("a program");
    let output = Command::new(program).args(options).arg("-c").arg(&rendered.text).output().expect("the shell starts");
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}
