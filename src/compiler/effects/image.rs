//! Images that may mean something else tomorrow.

use super::{Check, Seen};
use foldhash::HashSet;
use wf_model::diagnostic::{Diagnostic, Finding, Strictness};
use wf_model::expression::{Expression, ExpressionKind};
use wf_model::program::{AttributeValue, Callee};
use wf_model::span::Span;

/// Reports images that are named by a tag, but for those that the workflow builds itself.
pub(super) fn check(check: &mut Check<'_, '_>) {
    let containers =
        || check.room.steps().filter(|seen| matches!(&seen.step.invocation.callee, Callee::Kind(name) if &**name == "docker"));
    let built: HashSet<_> = containers().filter(|seen| has(seen, "build")).flat_map(|seen| texts(&seen, "tag")).collect();
    let images = containers().filter(|seen| !has(seen, "build")).filter_map(|seen| image(&seen));
    let loose: Vec<_> = images.filter(|(name, _)| !name.contains("@sha256:") && !built.contains(name)).collect();
    for (image, span) in loose {
        check.report(&ImageUnpinned { image, span });
    }
}

fn has(seen: &Seen<'_>, attribute: &str) -> bool {
    seen.step.invocation.attribute(attribute).is_some()
}

fn expression<'a>(seen: &Seen<'a>, attribute: &str) -> Option<&'a Expression> {
    match &seen.step.invocation.attribute(attribute)?.value {
        AttributeValue::Expression(expression) => Some(expression),
        AttributeValue::Script(_) => None,
    }
}

/// The image where the program says which.
fn image(seen: &Seen<'_>) -> Option<(String, Span)> {
    let image = expression(seen, "image")?;
    Some((image.constant_text()?, image.span))
}

fn texts(seen: &Seen<'_>, attribute: &str) -> Vec<String> {
    let Some(expression) = expression(seen, attribute) else { return Vec::new() };
    match &expression.kind {
        ExpressionKind::List(elements) => elements.iter().filter_map(Expression::constant_text).collect(),
        _ => expression.constant_text().into_iter().collect(),
    }
}

/// An image without a digest.
struct ImageUnpinned {
    image: String,
    span: Span,
}

impl Finding for ImageUnpinned {
    const SLUG: &'static str = "image-unpinned";
    const STRICTNESS: Strictness = Strictness::STRICT_WARNING;

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("image `{}` is not pinned by a digest", self.image))
            .labelled("this name may mean another image tomorrow")
            .with_help(format!("Name the digest as well, `{}@sha256:…`.", self.image))
    }
}
