//! Shell text with values.

use super::Check;
use crate::findings::InterpolationInQuotes;
use wf_model::expression::Expression;
use wf_model::script::{Script, ScriptPart, ScriptPlace};
use wf_model::span::Span;
use wf_syntax::ast;

impl Check<'_> {
    /// The text of a `shell` step, its values placed as the shell of the step reads them.
    pub(super) fn script(&mut self, text: &ast::Text, given: &[&ast::Attribute]) -> Script<Expression> {
        let mut values: Vec<(Expression, Span)> = Vec::new();
        for part in &text.parts {
            if let ast::TextPart::Value { expression, span } = part {
                values.push((self.with_checker(|checker| checker.word(expression)), *span));
            }
        }
        let own = given.iter().find(|attribute| &*attribute.name.text == "shell").map(|attribute| &attribute.value);
        let shell = match own {
            Some(value) => value.plain_text().map(str::to_owned),
            None => match &self.workflow.settings.shell {
                Some(setting) => setting.constant_text().map(|text| text.to_string()),
                None => Some("sh".to_owned()),
            },
        };
        let _ = shell;
        self.placed(text, values)
    }

    /// Reads the quotes around each value: bare or in double quotes is data, all else is refused.
    fn placed(&mut self, text: &ast::Text, values: Vec<(Expression, Span)>) -> Script<Expression> {
        let mut parts = Vec::new();
        let mut values = values.into_iter();
        let mut quotes = Quotes::default();
        for part in &text.parts {
            match part {
                ast::TextPart::Literal { text, .. } => {
                    text.chars().for_each(|character| quotes.read(character));
                    parts.push(ScriptPart::Literal(text.as_str().into()));
                }
                ast::TextPart::Value { .. } => {
                    let Some((value, span)) = values.next() else { continue };
                    if quotes.single {
                        self.report(&InterpolationInQuotes { span });
                    }
                    let place = if quotes.double { ScriptPlace::Quoted } else { ScriptPlace::Bare };
                    parts.push(ScriptPart::Value { value, place });
                }
            }
        }
        Script { parts }
    }
}

/// The quotes that are open.
#[derive(Default)]
struct Quotes {
    single: bool,
    double: bool,
    escaped: bool,
}

impl Quotes {
    fn read(&mut self, character: char) {
        match character {
            _ if self.escaped => self.escaped = false,
            '\\' if !self.single => self.escaped = true,
            '\'' if !self.double => self.single = !self.single,
            '"' if !self.single => self.double = !self.double,
            _ => {}
        }
    }
}
