//! `use` and `type`.

use super::Parser;
use super::head::Head;
use crate::ast::{Name, TypeDeclaration, Use, UseTarget};
use crate::parse::{Rule, plain_string, type_expression, type_name};
use crate::scan::Entry;
use pest::iterators::Pair;
use wf_model::span::Span;

impl Parser<'_> {
    /// `use std.slack`, `use "./lib/k8s.wf" as k8s`, `use std.deploy (promote)`
    pub(super) fn use_item(&mut self, span: Span) -> Option<Use> {
        self.head(Rule::use_head, span, |head| {
            let target = head.next()?;
            let target_span = head.convert.span(&target);
            let target = use_target(target, head)?;
            let alias = head.name();
            let names = head.take(Rule::use_names).map(|pair| names(pair, head)).unwrap_or_default();
            Some(Use { target, target_span, alias, names, span })
        })
    }

    /// `type Build = { tag: string }`
    pub(super) fn type_item(&mut self, entry: &Entry, span: Span) -> Option<TypeDeclaration> {
        let doc = self.doc(entry);
        self.head(Rule::type_head, span, |head| {
            let name = head.take(Rule::type_name)?;
            let name = type_name(name, &mut head.convert);
            let type_ = head.take(Rule::type_expression)?;
            Some(TypeDeclaration { doc, name, type_: type_expression(type_, &mut head.convert), span })
        })
    }
}

fn use_target(pair: Pair<'_, Rule>, head: &mut Head<'_>) -> Option<UseTarget> {
    if pair.as_rule() == Rule::use_module {
        return Some(UseTarget::Module(pair.as_str().to_owned()));
    }
    let string = pair.into_inner().next()?;
    Some(UseTarget::File(plain_string(string, &mut head.convert)?))
}

fn names(pair: Pair<'_, Rule>, head: &mut Head<'_>) -> Vec<Name> {
    pair.into_inner().map(|name| crate::parse::plain_name(name, &mut head.convert)).collect()
}
