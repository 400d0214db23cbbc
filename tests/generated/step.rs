//! Steps of the kinds that run, with clauses.

use super::program::Writer;
use wf_model::failure::FailureKind;
use wf_model::types::Type;

/// What a shell reads: text, and values between.
pub(super) enum Piece<'a> {
    Text(&'a str),
    Value(&'a str),
}
use Piece::{Text, Value};

/// A step that is being written.
pub(super) struct Draft {
    pub(super) name: String,
    /// Kind and literal.
    invocation: String,
    arrow: Option<Type>,
    /// Attributes and clauses.
    body: Vec<String>,
    /// Its value where it ran.
    pub(super) type_: Type,
    /// Whether it may be said to read only.
    pub(super) shell: bool,
}

pub(super) fn shell_result() -> Type {
    Type::record([("stdout", Type::String), ("stderr", Type::String), ("exit_code", Type::Int)])
}

impl Writer<'_> {
    /// Writes shell text as a string of one of the sorts.
    pub(super) fn script(&mut self, pieces: &[Piece<'_>]) -> String {
        let block = self.tape().percent(30);
        let mut written = String::new();
        for piece in pieces {
            match piece {
                // A number alone would be a parameter of the shell.
                Value(number) if number.chars().all(|c| c.is_ascii_digit() || c == '_') => {
                    written.push_str(&format!("${{({number})}}"))
                }
                Value(expression) => written.push_str(&format!("${{{expression}}}")),
                Text(text) if block => written.push_str(&text.replace("${", "\\${")),
                Text(text) => {
                    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "\\${");
                    written.push_str(&escaped.replace('\n', "\\n").replace('\t', "\\t"));
                }
            }
        }
        if block { format!("\"\"\"\n{written}\n\"\"\"") } else { format!("\"{written}\"") }
    }

    pub(super) fn step(&mut self) {
        if self.weight > 18 {
            return self.gate();
        }
        match self.tape().below(16) {
            0 => self.true_(),
            1..=6 => {
                let (name, type_) = (self.expressions.fresh("p"), self.printed_type());
                self.print_step(&name, &type_, true);
            }
            7 | 8 => self.keys(),
            9 | 10 => self.exit(),
            11 => self.gate(),
            12 if !self.secrets.is_empty() => self.secret_step(),
            12 => self.sleep(),
            13 => self.late(),
            14 => self.list_run(),
            _ => self.standard_input(),
        }
    }

    pub(super) fn draft(&mut self, name: &str, invocation: String) -> Draft {
        Draft { name: name.to_owned(), invocation, arrow: None, body: Vec::new(), type_: shell_result(), shell: true }
    }

    fn true_(&mut self) {
        let name = self.expressions.fresh("t");
        let text = self.tape().pick(&["true", ":", "echo 'x' >&2", "true # ${HOME:-x}"]);
        let script = self.script(&[Text(text)]);
        let draft = self.draft(&name, format!("shell {script}"));
        self.write(draft, true);
    }

    fn printed_type(&mut self) -> Type {
        match self.tape().below(14) {
            0 | 1 => Type::String,
            2 => Type::Int,
            3 => Type::Float,
            4 => Type::Bool,
            5 => Type::Duration,
            6 => Type::Size,
            7 => Type::union(["a", "prod-1"]),
            8 => Type::Path,
            9 => Type::list(Type::String),
            10 => Type::list(Type::Int),
            11 => Type::Json,
            12 => Type::record([("a", Type::Int), ("text", Type::String), ("o", Type::optional(Type::Int))]),
            _ => Type::map(Type::Float),
        }
    }

    /// A step that prints a value of a type, and has it.
    pub(super) fn print_named(&mut self, name: &str, type_: &Type) {
        self.print_step(name, type_, false);
    }

    /// A branch of a race: prints a value, or fails.
    pub(super) fn racing_step(&mut self, name: &str, type_: &Type) {
        if self.tape().percent(70) {
            return self.print_step(name, type_, true);
        }
        self.may_fail(name, FailureKind::Exit);
        let mut draft = self.draft(name, "shell 'exit 3'".to_owned());
        draft.arrow = Some(type_.clone());
        draft.type_ = type_.clone();
        self.write(draft, true);
    }

    /// Prints a value so that it is read back as it was; `free` may add what makes the step optional.
    fn print_step(&mut self, name: &str, type_: &Type, free: bool) {
        let value = self.expressions.inferred(type_);
        let strings = *type_ == Type::list(Type::String);
        let plain = type_.is_text() || matches!(type_, Type::Int | Type::Float | Type::Bool | Type::Duration | Type::Size);
        let json = format!("({value}).to_json()");
        let script = match self.tape().below(5) {
            _ if strings => self.script(&[Text("printf '%s\\n' "), Value(&value)]),
            _ if !plain => self.script(&[Text("printf '%s' "), Value(&json)]),
            0 => self.script(&[Text("printf '%s' "), Value(&value)]),
            1 => self.script(&[Text("printf '%s\\n' \""), Value(&value), Text("\"")]),
            2 => self.script(&[Text("cat <<EOF\n"), Value(&value), Text("\nEOF\n")]),
            3 => self.script(&[Text("x="), Value(&value), Text("; if true; then printf %s \"$x\"; fi")]),
            _ => self.script(&[Text("printf '%s' \"$("), Text("printf %s \""), Value(&value), Text("\")\"")]),
        };
        let mut draft = self.draft(name, format!("shell {script}"));
        draft.arrow = Some(type_.clone());
        draft.type_ = type_.clone();
        // Line breaks at the end are no part of what is read back, and a list of lines has no element with breaks.
        let known = match type_ {
            Type::String | Type::Union(_) | Type::Path | Type::Url => format!("expect {name}.trim() == ({value}).trim()"),
            _ if strings => format!("expect {name}.length >= ({value}).length"),
            _ => format!("expect {name} == {value}"),
        };
        if self.tape().percent(60) {
            draft.body.push(known);
        }
        self.write(draft, free);
    }

    /// A step that writes the file of its outputs.
    fn keys(&mut self) {
        let name = self.expressions.fresh("p");
        let (int, text) = (self.expressions.inferred(&Type::Int), self.expressions.inferred(&Type::String));
        let type_ = Type::record([("a", Type::Int), ("text", Type::String)]);
        let json = format!("{{ a: {int}, text: {text} }}.to_json()");
        let script = match self.tape().below(3) {
            0 => self.script(&[
                Text("printf 'a=%s\\n' "),
                Value(&int),
                Text(" >> \"$WF_OUTPUT\"\nprintf 'text<<END\\n%s\\nEND\\n' "),
                Value(&text),
                Text(" >> $WF_OUTPUT"),
            ]),
            1 => self.script(&[Text("printf '%s' "), Value(&json), Text(" > \"$WF_OUTPUT\"; echo done")]),
            _ => self.script(&[
                Text("{ echo \"text<<X\"; printf '%s\\n' "),
                Value(&text),
                Text("; echo X; echo \"a="),
                Value(&int),
                Text("\"; } > \"$WF_OUTPUT\""),
            ]),
        };
        let mut draft = self.draft(&name, format!("shell {script}"));
        draft.arrow = Some(type_.clone());
        draft.type_ = type_;
        if self.tape().percent(60) {
            draft.body.push(format!("expect {name}.a == {int} and {name}.text.trim() == ({text}).trim()"));
        }
        self.write(draft, true);
    }

    fn exit(&mut self) {
        let name = self.expressions.fresh("x");
        let code = self.tape().pick(&["0", "1", "3", "126"]);
        let mut body = Vec::new();
        let script = match self.tape().below(5) {
            0 => {
                body.push("allow_exit: [1, 3, 126]".to_owned());
                format!("\"exit {code}\"")
            }
            1 => {
                self.may_fail(&name, FailureKind::Exit);
                body.push(
                    self.tape()
                        .pick(&["retry 2 times", "retry 3 times pause 1ms", "retry 2 times backoff 1ms to 2ms"])
                        .to_owned(),
                );
                "'[ \"$WF_ATTEMPT\" -ge 3 ]'".to_owned()
            }
            2 | 3 => {
                self.may_fail(&name, FailureKind::Exit);
                body.push("on failure continue".to_owned());
                format!("\"exit {code}\"")
            }
            _ if self.tape().percent(30) => {
                self.may_fail(&name, FailureKind::Signal);
                body.push("on failure continue when failure.kind == \"signal\"".to_owned());
                "'kill -9 $$'".to_owned()
            }
            _ => {
                self.may_fail(&name, FailureKind::Exit);
                format!("'exit {code}'")
            }
        };
        let mut draft = self.draft(&name, format!("shell {script}"));
        draft.body = body;
        self.write(draft, true);
    }

    fn gate(&mut self) {
        let name = self.expressions.fresh("g");
        let check = if self.tape().percent(40) { self.expressions.condition() } else { "true".to_owned() };
        let mut body = Vec::new();
        let literal = self.tape().percent(50) && matches!(&*check, "true" | "false");
        if !literal {
            body.push(format!("check: {check}"));
        }
        if self.tape().percent(70) {
            body.push("otherwise: \"continue\"".to_owned());
        } else {
            self.may_fail(&name, FailureKind::Rejected);
            let message = self.expressions.inferred(&Type::String);
            body.push(format!("message: {message}"));
        }
        if literal {
            body.push(format!("check: {check}"));
        }
        let mut draft = self.draft(&name, "gate".to_owned());
        draft.body = body;
        draft.type_ = Type::record([("passed", Type::Bool)]);
        draft.shell = false;
        self.write(draft, true);
    }

    fn sleep(&mut self) {
        let name = self.expressions.fresh("z");
        let duration = self.tape().pick(&[
            "sleep 0s",
            "sleep 1ms",
            "sleep { duration: 1ms * 2 }",
            "sleep { until: \"2020-01-01T00:00:00Z\" }",
        ]);
        let mut draft = self.draft(&name, duration.to_owned());
        draft.type_ = Type::record([]);
        draft.shell = false;
        let bare = draft.invocation.ends_with('}');
        if bare {
            let head = if self.tape().percent(50) {
                format!("step {name}: {duration}")
            } else {
                format!("step {name}: {duration} depends on nothing")
            };
            self.concurrent |= head.ends_with("nothing");
            self.line(&head.replace(" depends on nothing", ""));
            self.know(&name, Type::record([]));
            self.reach.push(name);
        } else {
            self.write(draft, true);
        }
    }

    /// A step that is given a secret, and writes it wherever it can.
    fn secret_step(&mut self) {
        let name = self.expressions.fresh("p");
        let secret = self.expressions.tape.below(self.secrets.len());
        let secret = self.secrets[secret].clone();
        let form =
            self.tape().pick(&["«»", "(«» + \"x\")", "\"a ${«»} b\"", "«».upper()", "hash(«»)", "(if true then «» else \"\")"]);
        let secret = form.replace("«»", &secret);
        let result = shell_result();
        let form = self.tape().below(6);
        let script = match form {
            0 => self.script(&[Text("printf '%s' "), Value(&secret), Text("; printf %s \""), Value(&secret), Text("\" >&2")]),
            1 => self.script(&[Text("cat; printf %s \"$WF_K\" >&2")]),
            2 => self.script(&[Text("printf '%s' "), Value(&secret)]),
            3 => self.script(&[
                Text("echo "),
                Value(&secret),
                Text(" | base64 >&2; echo \""),
                Value(&secret),
                Text("\" >&2; exit 3"),
            ]),
            4 => self.script(&[Text("printf 'a=%s\\n' "), Value(&secret), Text(" >> \"$WF_OUTPUT\"")]),
            _ => self.script(&[Text("printf '%s,' "), Value(&secret), Text(" "), Value(&secret)]),
        };
        let mut draft = self.draft(&name, format!("shell {script}"));
        draft.type_ = result;
        match form {
            1 => draft.body.extend([format!("stdin: {secret}"), format!("env: {{ WF_K: {secret} }}")]),
            2 => {
                draft.body.push("reads only".to_owned());
                self.secrets.push(name.clone());
                self.line(&format!("step {name}: {} -> secret {{ reads only }}", draft.invocation));
                return self.reach.push(name);
            }
            3 => {
                self.may_fail(&name, FailureKind::Exit);
                draft.body.push("on failure continue".to_owned());
            }
            4 => {
                draft.type_ = Type::record([("a", Type::String)]);
                draft.arrow = Some(draft.type_.clone());
            }
            _ => {}
        }
        self.write(draft, true);
    }

    /// A step that runs out of its time.
    fn late(&mut self) {
        let name = self.expressions.fresh("late");
        self.may_fail(&name, FailureKind::Timeout);
        let invocation = self.tape().pick(&["sleep 1h", "shell \"sleep 300\"", "shell \"trap '' TERM; sleep 300 & wait\""]);
        let invocation = if invocation.contains("trap") { "shell \"sleep 300\"" } else { invocation };
        let mut draft = self.draft(&name, invocation.to_owned());
        if invocation.starts_with("sleep") {
            draft.type_ = Type::record([]);
            draft.shell = false;
        }
        draft.body.push(self.tape().pick(&["timeout 5ms", "timeout 10ms * 2"]).to_owned());
        if self.tape().percent(80) {
            draft.body.push("on failure continue".to_owned());
        }
        self.write(draft, true);
    }

    /// A program without a shell.
    fn list_run(&mut self) {
        let name = self.expressions.fresh("p");
        let value = self.expressions.inferred(&Type::String);
        let mut draft = self.draft(&name, format!("shell [\"printf\", \"%s|%s\", {value}, \"$HOME\"]"));
        draft.arrow = Some(Type::String);
        draft.type_ = Type::String;
        draft.body.push(format!("expect result.stdout == {value} + \"|\\$HOME\" else \"not as given\""));
        self.write(draft, true);
    }

    fn standard_input(&mut self) {
        let name = self.expressions.fresh("p");
        let (input, variable) = (self.expressions.inferred(&Type::String), self.expressions.inferred(&Type::String));
        let script = self.script(&[Text("cat; printf %s \"$WF_X\"")]);
        let mut draft = self.draft(&name, format!("shell {script}"));
        draft.body.push(format!("stdin: {input}"));
        draft.body.push(format!("env: {{ WF_X: {variable}, other: \"${{1 + 1}}\" }}"));
        draft.body.push(format!("expect result.stdout == {input} + {variable}"));
        self.write(draft, true);
    }

    /// A call of a workflow that was written before.
    pub(super) fn call(&mut self) {
        let place = self.expressions.tape.below(self.callables.len());
        let callable = self.callables[place].clone();
        let name = self.expressions.fresh("c");
        self.may_fail(&name, FailureKind::Child);
        let mut draft = self.draft(&name, callable.name.clone());
        for (name, type_) in &callable.required {
            let value = self.expressions.expected(type_);
            draft.body.push(format!("{name}: {value}"));
        }
        for (name, type_) in &callable.optional {
            if self.tape().percent(40) {
                let value = self.expressions.expected(type_);
                draft.body.push(format!("{name}: {value}"));
            }
        }
        draft.type_ = Type::record(callable.outputs.iter().map(|(name, type_)| (name.as_str(), type_.clone())));
        draft.shell = false;
        self.write(draft, true);
    }

    /// Clauses that any step may have.
    fn clauses(&mut self, draft: &mut Draft, free: bool) {
        if free && self.tape().percent(4) && !draft.body.iter().any(|line| line.starts_with("on failure")) {
            draft.body.push("on failure continue".to_owned());
        }
        let has = |draft: &Draft, word: &str| draft.body.iter().any(|line| line.starts_with(word));
        if self.tape().percent(10) && !has(draft, "timeout") {
            let written = self.tape().pick(&["timeout 5m", "timeout 1h", "timeout 100s * 3", "timeout LONG"]);
            draft.body.push(written.replace("LONG", &self.long()));
        }
        if self.tape().percent(6) && !has(draft, "retry") {
            let written = [
                "retry 1 times",
                "retry 1 times pause 0s within 1h",
                "retry 2 times backoff 1ms to 2ms when failure.attempts < 2",
            ];
            let written = self.tape().pick(&written);
            draft.body.push(written.replace("SHORT", &self.short()).replace("LONG", &self.long()));
        }
        if self.tape().percent(6) {
            let condition = self.expressions.condition();
            self.may_fail(&draft.name, FailureKind::Expect);
            let message = if self.tape().percent(50) { " else \"not so\"" } else { "" };
            draft.body.push(format!("expect {condition}{message}"));
        }
        let undoes = draft.shell || draft.name.starts_with('c');
        if undoes && !self.lenient && self.tape().percent(40) {
            let undo = self.undo(draft);
            draft.body.push(undo);
        } else if draft.shell && self.tape().percent(30) {
            draft.body.push(self.tape().pick(&["reads only", "no undo \"it is a test\""]).to_owned());
        }
        if self.tape().percent(5) {
            draft.body.push("estimate 5s".to_owned());
        }
        if self.all && draft.shell && self.tape().percent(20) {
            let written = ["lock \"a\" max 2", "on unknown rerun", "cache inputs [\"*.c\"] outputs [\"out\"] key 1"];
            draft.body.push(self.tape().pick(&written).to_owned());
        }
    }

    fn step_handlers(&mut self, draft: &Draft) {
        let start = self.expressions.known.len();
        self.know(&draft.name, draft.type_.clone());
        self.handlers_of(start, &[]);
        self.expressions.known.truncate(start);
    }

    /// Writes a step; where `free`, it may become optional.
    pub(super) fn write(&mut self, mut draft: Draft, free: bool) {
        self.clauses(&mut draft, free);
        let went_on = draft.body.iter().any(|line| line.starts_with("on failure continue"));
        let mut optional = went_on;
        let mut parts = Vec::new();
        if let Some(type_) = &draft.arrow {
            parts.push(format!("-> {}", self.type_text(type_)));
        }
        if free {
            parts.extend(self.depends());
            if self.tape().percent(8) {
                parts.push(format!("when {}", self.expressions.condition()));
                optional = true;
            }
        }
        if self.tape().percent(20) {
            parts.reverse();
        }
        if self.tape().percent(20) {
            draft.body.reverse();
        }
        let behind: String = parts.iter().map(|part| format!(" {part}")).collect();
        let head = format!("step {}: {}{behind}", draft.name, draft.invocation);
        let handlers = !self.lenient && self.depth <= 5 && self.tape().percent(8);
        if draft.body.is_empty() && !handlers {
            self.line(&head);
        } else if !handlers && self.tape().percent(30) {
            self.line(&format!("{head} {{ {} }}", draft.body.join(", ")));
        } else {
            self.open(&head);
            for line in &draft.body {
                self.line(line);
            }
            if handlers {
                self.step_handlers(&draft);
            }
            self.close();
        }
        self.went_on = went_on;
        if self.lenient {
            return;
        }
        let type_ = if optional { Type::optional(draft.type_) } else { draft.type_ };
        self.know(&draft.name, type_);
        self.reach.push(draft.name);
    }
}
