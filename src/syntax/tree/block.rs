//! `if`, `stage`, `parallel`, `for each`, `repeat`.

use super::Parser;
use super::declaration::missing;
use super::head::Head;
use super::invocation::order_part;
use crate::ast::{Block, BlockKind, Body, Branch, Concurrency, Depends, Expression, If, Iterator, Name};
use crate::parse::{Rule, declared_name};
use crate::scan::{Entry, Part};
use pest::iterators::Pair;
use wf_model::program::Wait;
use wf_model::span::Span;

/// The head of a block.
struct BlockHead {
    name: Option<Name>,
    kind: BlockKind,
    depends: Option<Depends>,
    when: Option<Expression>,
}

/// `name: `
fn block_name(head: &mut Head<'_>) -> Option<Name> {
    let pair = head.take(Rule::block_name)?.into_inner().next()?;
    Some(declared_name(pair, &mut head.convert))
}

/// `depends on` and `when`, which end the head.
fn order(head: &mut Head<'_>) -> (Option<Depends>, Option<Expression>) {
    let (mut depends, mut when) = (None, None);
    while let Some(part) = head.next() {
        order_part(part, &mut depends, &mut when, head);
    }
    (depends, when)
}

/// `parallel wait any max 2`
fn concurrency<'a>(part: Pair<'a, Rule>, head: &mut Head<'a>) -> Concurrency {
    let mut inside = head.inside(part);
    let wait = inside.take(Rule::wait_mode).map_or(Wait::All, |mode| match mode.as_str() {
        "any" => Wait::Any,
        "first" => Wait::First,
        _ => Wait::All,
    });
    let max = inside.expression();
    head.absorb(inside);
    Concurrency { wait, max }
}

/// `i, x in list`
fn iterator<'a>(part: Pair<'a, Rule>, head: &mut Head<'a>) -> Option<Iterator> {
    let mut inside = head.inside(part);
    let first = inside.declared();
    let second = inside.declared();
    let list = inside.expression();
    head.absorb(inside);
    let (index, item) = match second {
        Some(item) => (first, item),
        None => (None, first?),
    };
    Some(Iterator { index, item, list: list? })
}

fn kind(word: &str, head: &mut Head<'_>) -> Option<BlockKind> {
    match word {
        "stage" => Some(BlockKind::Stage),
        "parallel" => {
            let part = head.take(Rule::concurrency)?;
            Some(BlockKind::Parallel(concurrency(part, head)))
        }
        "for" => {
            let mut iterators = Vec::new();
            while let Some(part) = head.take(Rule::iterator) {
                iterators.extend(iterator(part, head));
            }
            let concurrency = head.take(Rule::concurrency).map(|part| concurrency(part, head));
            Some(BlockKind::ForEach { iterators, concurrency })
        }
        "repeat" => {
            let until = head.expression()?;
            let pause = head.expression_in(Rule::pause_part);
            Some(BlockKind::Repeat { until, pause, max: head.expression()? })
        }
        _ => None,
    }
}

fn rule(word: &str) -> Rule {
    match word {
        "parallel" => Rule::parallel_head,
        "for" => Rule::for_head,
        "repeat" => Rule::repeat_head,
        _ => Rule::stage_head,
    }
}

impl Parser<'_> {
    /// A block whose first word, behind its name, is `word`; one whose head cannot be read keeps its name and its body.
    pub(super) fn block(&mut self, entry: &Entry, word: &str, span: Span) -> Option<Block> {
        let read = self.head(rule(word), span, |head| {
            let name = block_name(head);
            let kind = kind(word, head)?;
            let (depends, when) = order(head);
            Some(BlockHead { name, kind, depends, when })
        });
        let body = self.one_body(entry, "block", "stage { … }");
        let BlockHead { name, kind, depends, when } = read.unwrap_or_else(|| BlockHead {
            name: self.named(span),
            kind: self.salvaged(word, span),
            depends: None,
            when: None,
        });
        Some(Block { doc: self.doc(entry), name, kind, depends, when, body: body?, head: span, span: entry.span })
    }

    /// The name before a block whose head could not be read.
    fn named(&self, span: Span) -> Option<Name> {
        let first = self.name_at(span)?;
        let behind = self.span(first.span.end as usize, span.end as usize);
        self.slice(behind).trim_start().starts_with(':').then_some(first)
    }

    /// A loop keeps its variable, so that the uses of it say nothing more.
    fn salvaged(&self, word: &str, span: Span) -> BlockKind {
        let variable = (word == "for").then(|| self.word_after("each", span)).flatten();
        match variable {
            Some(item) => {
                BlockKind::ForEach { iterators: vec![Iterator { index: None, item, list: missing(span) }], concurrency: None }
            }
            None => BlockKind::Missing,
        }
    }

    /// `name: if cond { … } else if cond { … } else { … }`
    pub(super) fn if_(&mut self, entry: &Entry) -> Option<If> {
        let mut statement = If {
            doc: self.doc(entry),
            name: None,
            branches: Vec::new(),
            otherwise: None,
            depends: None,
            when: None,
            span: entry.span,
        };
        let mut head = None;
        for part in &entry.parts {
            match (part, head.take()) {
                (Part::Head(next), _) => head = Some(next.span),
                (Part::Body(body), Some(span)) => {
                    let body = self.body(body);
                    self.branch(&mut statement, span, body);
                }
                (Part::Body(body), None) => {
                    self.body(body);
                }
            }
        }
        if let Some(span) = head {
            self.head_without_body(span);
        }
        (!statement.branches.is_empty()).then_some(statement)
    }

    fn branch(&mut self, statement: &mut If, span: Span, body: Body) {
        if statement.branches.is_empty() {
            let read = self.head(Rule::if_head, span, |head| {
                let name = block_name(head);
                let condition = head.expression()?;
                Some((name, condition, order(head)))
            });
            let (name, condition, (depends, when)) = read.unwrap_or_else(|| (self.named(span), missing(span), (None, None)));
            (statement.name, statement.depends, statement.when) = (name, depends, when);
            statement.branches.push(Branch { condition, body });
            return;
        }
        let text = self.slice(span);
        if text.trim() == "else" {
            if statement.otherwise.is_some() {
                let second = super::findings::BranchBehindElse { head: span };
                self.diagnostics.push(wf_model::diagnostic::Finding::diagnostic(&second));
                return;
            }
            statement.otherwise = Some(body);
            return;
        }
        let condition = self.head(Rule::else_if_head, span, |head| head.expression()).unwrap_or_else(|| missing(span));
        if statement.otherwise.is_some() {
            let behind = super::findings::BranchBehindElse { head: span };
            self.diagnostics.push(wf_model::diagnostic::Finding::diagnostic(&behind));
            return;
        }
        statement.branches.push(Branch { condition, body });
    }
}
