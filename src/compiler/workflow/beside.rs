//! What the attributes of a step ask of one another, as the descriptor of its kind says.

use super::Check;
use crate::findings::{AsksFor, DecodeNotTaken, EitherOr, UrlScheme};
use wf_model::kind::Kind;
use wf_model::program::{Attribute, AttributeValue};
use wf_syntax::ast;

impl Check<'_> {
    /// Reports attributes that rule one another out, that want another one, and URLs that lead nowhere the kind goes.
    pub(super) fn check_beside(
        &mut self,
        invocation: &ast::Invocation,
        kind: &Kind,
        given: &[&ast::Attribute],
        attributes: &[Attribute],
    ) {
        for attribute in given {
            let Some(known) = kind.attribute(&attribute.name.text) else { continue };
            let (name, span) = (known.name, attribute.name.span);
            if let Some(one) = given.iter().find(|one| known.excludes.contains(&&*one.name.text)) {
                self.report(&EitherOr { one: (&one.name.text, one.name.span), other: (name, span) });
            }
            if let Some((wanted, why)) = known.asks_for
                && !given.iter().any(|one| *one.name.text == *wanted)
            {
                self.report(&AsksFor { name, span, wanted, why });
            }
            if let Some(decode) = invocation.decode.as_ref().filter(|_| known.leaves_nothing) {
                self.report(&DecodeNotTaken {
                    kind: kind.name,
                    span: decode.span,
                    of_workflow: false,
                    beside: Some((name, span)),
                });
            }
        }
        for attribute in attributes {
            let schemes = kind.attribute(&attribute.name).map_or(&[][..], |known| known.schemes);
            if let AttributeValue::Expression(value) = &attribute.value
                && let Some(scheme) = value.scheme().filter(|scheme| !schemes.is_empty() && !schemes.contains(scheme))
            {
                self.report(&UrlScheme { name: &attribute.name, span: value.span, scheme, schemes });
            }
        }
    }
}
