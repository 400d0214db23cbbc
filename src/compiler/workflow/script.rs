//! Text of shells and databases with values.

use super::Check;
use crate::expression::SecretLeak;
use crate::shell;
use std::borrow::Cow;
use wf_model::expression::{Expression, ExpressionKind, Function};
use wf_model::script::{Script, ScriptPart, ScriptPlace};
use wf_syntax::ast;

impl Check<'_> {
    /// The text of a `shell` step, its values placed as the shell of the step reads them.
    pub(super) fn script(&mut self, text: &ast::Text, given: &[&ast::Attribute]) -> Script<Expression> {
        let values = self.with_checker(|checker| checker.words(text));
        values.iter().for_each(|(value, _)| self.refuse_raw_secret(value));
        let own = given.iter().find(|attribute| &*attribute.name.text == "shell").map(|attribute| &attribute.value);
        let shell = match own {
            Some(value) => value.plain_text().map(Cow::from),
            None => match &self.workflow.settings.shell {
                Some(setting) => setting.constant_text().map(|text| Cow::from(text.to_string())),
                None => Some("/bin/sh".into()),
            },
        };
        self.raw_text(text, given);
        self.values_as_variables(text, shell.as_deref(), given);
        shell::script(text, values, shell.as_deref(), self.diagnostics)
    }

    /// The text of an `sql` step: its values go to the database beside the text, so no place of theirs is in quotes.
    pub(super) fn statements(&mut self, text: &ast::Text) -> Script<Expression> {
        let values = self.with_checker(|checker| checker.parameters(text));
        for value in values.iter().filter(|value| value.type_.holds_secret()) {
            let trail = self.trail(value);
            self.report(&SecretLeak { span: value.span, target: "statement", trail: &trail });
        }
        let mut values = values.into_iter();
        let part = |part: &ast::TextPart| match part {
            ast::TextPart::Literal { text, .. } => Some(ScriptPart::Literal(text.as_str().into())),
            ast::TextPart::Value { .. } => values.next().map(|value| {
                let place = if shell::is_raw(&value) { ScriptPlace::Raw } else { ScriptPlace::Bare };
                ScriptPart::Value { value, place }
            }),
        };
        Script { parts: text.parts.iter().filter_map(part).collect() }
    }

    /// What is `raw` stands in the text of the command, which the list of processes shows.
    fn refuse_raw_secret(&mut self, value: &Expression) {
        if matches!(value.kind, ExpressionKind::Call(Function::Raw, ..)) && value.type_.holds_secret() {
            let trail = self.trail(value);
            self.report(&SecretLeak { span: value.span, target: "command line", trail: &trail });
        }
    }
}
