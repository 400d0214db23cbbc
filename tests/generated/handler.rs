//! Handlers, undos, and the statements that say how far a rollback goes.

use super::expression::Known;
use super::program::Writer;
use super::step::{Draft, Piece, shell_result};
use wf_model::failure::{Failure, FailureKind};
use wf_model::types::Type;

impl Writer<'_> {
    /// Handlers at the end of a body whose own names begin at `start`; now and then something fails before them.
    pub(super) fn handlers(&mut self, start: usize, percent: usize) {
        let checkpoints = std::mem::take(&mut self.checkpoints);
        if self.depth > 5 || !self.tape().percent(percent) {
            return;
        }
        if self.tape().percent(45) {
            self.failing_step();
        }
        self.handlers_of(start, &checkpoints);
    }

    /// At least one handler, each cause at most once.
    pub(super) fn handlers_of(&mut self, start: usize, checkpoints: &[String]) {
        let heads = ["on failure", "on success", "on cancel", "on failure or cancel", "finally"];
        let chosen = self.tape().below(heads.len());
        for (place, head) in heads.into_iter().enumerate() {
            if place == chosen || self.tape().percent(20) {
                let is_short = head.starts_with("on failure") && self.tape().percent(40);
                if is_short { self.line(&format!("{head} rollback")) } else { self.handler(head, start, checkpoints) }
            }
        }
    }

    fn handler(&mut self, head: &str, start: usize, checkpoints: &[String]) {
        let (known, reach, secrets) = (self.expressions.known.clone(), std::mem::take(&mut self.reach), self.secrets.clone());
        let (lenient, sequential) = (self.lenient, std::mem::replace(&mut self.sequential, false));
        if head != "on success" {
            for name in self.expressions.known.iter_mut().skip(start) {
                name.type_ = Type::optional(name.type_.clone());
            }
        }
        self.expressions.known.retain(|known| known.name != "failure");
        match head {
            "on failure" => self.know("failure", Failure::type_()),
            "on failure or cancel" | "finally" => self.know("failure", Type::optional(Failure::type_())),
            _ => {}
        }
        self.lenient = true;
        self.depth += 1;
        self.open(head);
        self.statements(0);
        if head != "on success" && self.tape().percent(60) {
            self.rollback(checkpoints);
            self.statements(0);
        }
        self.close();
        self.depth -= 1;
        (self.lenient, self.sequential) = (lenient, sequential);
        (self.expressions.known, self.reach, self.secrets) = (known, reach, secrets);
    }

    fn rollback(&mut self, checkpoints: &[String]) {
        let written = match self.tape().below(4) {
            0 | 1 if !checkpoints.is_empty() => {
                format!("rollback to {}", self.tape().pick(checkpoints_of(checkpoints).as_slice()))
            }
            _ if self.all && self.indentation == 2 && self.tape().percent(10) => "rollback manually".to_owned(),
            _ => "rollback".to_owned(),
        };
        match self.tape().below(8) {
            0 => {
                let condition = self.expressions.condition();
                self.open(&format!("if {condition}"));
            }
            1 => self.open("stage"),
            _ => return self.line(&written),
        }
        self.line(&written);
        self.close();
    }

    /// `checkpoint` or `commit`, in a body with an order.
    pub(super) fn point(&mut self) {
        if self.tape().percent(40) {
            return self.line("commit");
        }
        let name = self.expressions.fresh("half");
        self.line(&format!("checkpoint {name}"));
        self.checkpoints.push(name);
    }

    fn failing_step(&mut self) {
        let name = self.expressions.fresh("x");
        self.may_fail(&name, FailureKind::Exit);
        let draft = self.draft(&name, "shell 'exit 3'".to_owned());
        self.write(draft, false);
    }

    /// The undo of a step.
    pub(super) fn undo(&mut self, draft: &Draft) -> String {
        let known = self.expressions.known.clone();
        let result = if draft.shell { shell_result() } else { draft.type_.clone() };
        let when = match self.tape().below(5) {
            0 | 1 => Some(format!("{} != null", draft.name)),
            2 => Some(format!("({})", self.expressions.condition())),
            _ => None,
        };
        let is_there = when.as_ref().is_some_and(|when| when.ends_with("!= null"));
        let own = if is_there { draft.type_.clone() } else { Type::optional(draft.type_.clone()) };
        self.expressions.known.push(Known { narrowed: is_there, ..Known::new(&draft.name, own) });
        self.know("result", Type::optional(result));
        let (script, mut body) = self.undo_script(&draft.name);
        self.expressions.known = known;
        if body.is_empty() && self.tape().percent(20) {
            body.push(
                self.tape().pick(&["timeout 5m", "retry 2 times pause 1ms", "retry 1 times backoff 1ms to 2ms"]).to_owned(),
            );
        }
        let when = when.map_or(String::new(), |when| format!(" when {when}"));
        let body = if body.is_empty() { String::new() } else { format!(" {{ {} }}", body.join(", ")) };
        format!("undo shell {script}{when}{body}")
    }

    /// What an undo does, and the body that it needs.
    fn undo_script(&mut self, name: &str) -> (String, Vec<String>) {
        use Piece::{Text, Value};
        let text = self.expressions.inferred(&Type::String);
        let secret = (!self.secrets.is_empty()).then(|| self.expressions.tape.below(self.secrets.len()));
        let secret = secret.and_then(|place| self.secrets.get(place).cloned());
        match (self.tape().below(10), secret) {
            (0, _) => {
                self.may_fail(name, FailureKind::Exit);
                let body = self.tape().pick(&["retry 0 times", "retry 1 times pause 0s", "retry 1 times pause 1ms within 1h"]);
                (self.script(&[Text("echo no >&2; exit 3")]), vec![body.to_owned()])
            }
            (1, _) => {
                self.may_fail(name, FailureKind::Exit);
                (self.script(&[Text("[ \"$WF_ATTEMPT\" -ge 2 ]")]), vec!["retry 1 times pause 1ms".to_owned()])
            }
            (2, _) => {
                self.may_fail(name, FailureKind::Timeout);
                (self.script(&[Text("sleep 300")]), vec!["timeout 5ms".to_owned(), "retry 0 times".to_owned()])
            }
            (3, _) => (
                self.script(&[Text("cat; printf %s \"$WF_K\"")]),
                vec![format!("stdin: {text}"), format!("env: {{ WF_K: {text} }}")],
            ),
            (4 | 5, Some(secret)) => {
                let script = self.script(&[
                    Text("printf '%s' "),
                    Value(&secret),
                    Text("; echo \""),
                    Value(&secret),
                    Text("\" >&2; exit 3"),
                ]);
                self.may_fail(name, FailureKind::Exit);
                (script, vec!["retry 0 times".to_owned()])
            }
            (6, Some(secret)) => (
                self.script(&[Text("cat; printf %s \"$WF_K\" >&2")]),
                vec![format!("stdin: {secret}"), format!("env: {{ WF_K: {secret} }}")],
            ),
            _ => (self.script(&[Text("printf '%s' "), Value(&text)]), Vec::new()),
        }
    }
}

fn checkpoints_of(checkpoints: &[String]) -> Vec<&str> {
    checkpoints.iter().map(String::as_str).collect()
}
