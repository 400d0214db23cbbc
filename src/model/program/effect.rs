//! What steps do to the world (§8).

use crate::expression::{Expression, ExpressionKind, TextPart};
use crate::kind::{EffectRule, Registry};
use crate::program::{AttributeValue, Callee, EffectClause, Invocation, Step, WorkflowId};
use crate::value::Value;

/// What a step does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It only reads.
    Reads,
    /// It changes the world.
    Changes {
        /// Whether doing it again does no harm.
        repeatable: bool,
    },
    /// It changes the world and undoes itself.
    UndoesItself,
    /// It does what the steps of this workflow do.
    Inside(WorkflowId),
}

impl Effect {
    /// Whether a step may run again without being asked for, because running twice does no harm (§13).
    #[must_use]
    pub const fn may_run_twice(self) -> bool {
        matches!(self, Self::Reads | Self::UndoesItself | Self::Changes { repeatable: true })
    }
}

impl Step {
    /// What it does to the world: as its clause says, else as its kind does.
    #[must_use]
    pub fn effect(&self, kinds: &Registry) -> Effect {
        let of_kind = self.invocation.effect(kinds);
        match (&self.clauses.effect, of_kind) {
            (EffectClause::ReadsOnly, _) => Effect::Reads,
            (EffectClause::NoUndo(_) | EffectClause::Undo(_), Effect::Reads | Effect::UndoesItself) => {
                Effect::Changes { repeatable: false }
            }
            (EffectClause::NoUndo(_) | EffectClause::Undo(_) | EffectClause::Unstated | EffectClause::UndoesItself, _) => of_kind,
        }
    }
}

impl Invocation {
    /// What it does to the world as far as its kind knows; a kind that is not there changes it.
    #[must_use]
    pub fn effect(&self, kinds: &Registry) -> Effect {
        let name = match &self.callee {
            Callee::Workflow(workflow) => return Effect::Inside(*workflow),
            Callee::Kind(name) => name,
        };
        match kinds.get(name).map(|kind| kind.effect) {
            Some(EffectRule::Reads) => Effect::Reads,
            Some(EffectRule::UndoesItself) => Effect::UndoesItself,
            Some(EffectRule::ByAttribute { attribute, default, reads, repeatable }) => {
                let text = self.attribute(attribute).map(|attribute| attribute.value.constant_text());
                // A value that only the run knows may be any of them.
                let text = text.unwrap_or_else(|| Some(default.to_owned())).unwrap_or_default();
                if reads.contains(&text.as_str()) {
                    Effect::Reads
                } else {
                    Effect::Changes { repeatable: repeatable.contains(&text.as_str()) }
                }
            }
            Some(EffectRule::Changes) | None => Effect::Changes { repeatable: false },
        }
    }
}

impl AttributeValue {
    /// The text that it always is, where the program says so.
    #[must_use]
    pub fn constant_text(&self) -> Option<String> {
        match self {
            Self::Expression(expression) => expression.constant_text(),
            Self::Script(_) => None,
        }
    }
}

impl Expression {
    /// The text that it always is, where the program says so.
    #[must_use]
    pub fn constant_text(&self) -> Option<String> {
        let mut expression = self;
        while let ExpressionKind::Convert(inner) | ExpressionKind::As(inner) = &expression.kind {
            expression = inner;
        }
        match &expression.kind {
            ExpressionKind::Literal(Value::String(text)) => Some(text.to_string()),
            ExpressionKind::Text(parts) => parts.iter().map(literal_part).collect(),
            _ => None,
        }
    }
}

impl Expression {
    /// The scheme of a URL that the program itself begins.
    #[must_use]
    pub fn scheme(&self) -> Option<&str> {
        let mut value = self;
        let beginning = loop {
            match &value.kind {
                ExpressionKind::Convert(inner) | ExpressionKind::As(inner) => value = inner,
                ExpressionKind::Literal(Value::String(text)) => break &**text,
                ExpressionKind::Url(parts) => break literal_part(parts.first()?)?,
                _ => return None,
            }
        };
        beginning.split_once(':').map(|(scheme, _)| scheme)
    }
}

fn literal_part(part: &TextPart) -> Option<&str> {
    match part {
        TextPart::Literal(text) => Some(text),
        TextPart::Value(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::{Kind, Waits};
    use crate::program::{Attribute, StepClauses};
    use crate::span::Span;
    use crate::types::Type;

    fn registry() -> Registry {
        let effect = EffectRule::ByAttribute { attribute: "method", default: "GET", reads: &["GET"], repeatable: &["PUT"] };
        Registry::new([Kind {
            name: "http",
            doc: "",
            example: "",
            main: &[],
            main_optional: false,
            attributes: Vec::new(),
            result: Type::Unknown,
            decodes: None,
            effect,
            bounded: false,
            programs: &[],
            waits: Waits::Never,
        }])
    }

    fn step(method: Option<ExpressionKind>, effect: EffectClause) -> Step {
        let expression = |kind| AttributeValue::Expression(Expression { kind, type_: Type::String, span: Span::default() });
        let attribute = |kind| Attribute { name: "method".into(), value: expression(kind) };
        let attributes = method.into_iter().map(attribute).collect();
        let invocation = Invocation { callee: Callee::Kind("http".into()), attributes, decode: None, span: Span::default() };
        Step { invocation, clauses: StepClauses { effect, ..StepClauses::default() } }
    }

    #[test]
    fn the_clause_counts_else_the_kind_by_its_attribute() {
        let text = |text: &str| Some(ExpressionKind::Literal(Value::string(text)));
        let unknown = Some(ExpressionKind::Reference(crate::expression::Reference::Run));
        for (method, clause, expected) in [
            (None, EffectClause::Unstated, Effect::Reads),
            (text("GET"), EffectClause::Unstated, Effect::Reads),
            (text("PUT"), EffectClause::Unstated, Effect::Changes { repeatable: true }),
            (text("POST"), EffectClause::Unstated, Effect::Changes { repeatable: false }),
            (text("POST"), EffectClause::ReadsOnly, Effect::Reads),
            (text("PUT"), EffectClause::NoUndo("why".into()), Effect::Changes { repeatable: true }),
            (None, EffectClause::NoUndo("why".into()), Effect::Changes { repeatable: false }),
            (unknown, EffectClause::Unstated, Effect::Changes { repeatable: false }),
        ] {
            assert_eq!(step(method.clone(), clause.clone()).effect(&registry()), expected, "{method:?} {clause:?}");
        }
    }
}
