//! `if`, `stage`, `parallel`, `for each`, `repeat`.

use super::Check;
use super::body::BodyKind;
use super::names::Visibility;
use super::step::{goes_on, may_give_nothing};
use crate::expression::facts_when;
use crate::findings::{RaceBranchWithoutName, Unreachable, ZeroOfThem};
use crate::index::Symbol;
use std::collections::BTreeMap;
use std::sync::Arc;
use wf_model::expression::{Expression, ExpressionKind};
use wf_model::program::{
    BodyId, Branch, ForEach, If, Iterator, Parallel, Race, Repeat, StatementId, StatementKind, ValueOrigin, Wait,
};
use wf_model::span::Span;
use wf_model::types::{Field, Type};
use wf_model::value::Value;
use wf_syntax::ast::{self, BlockKind};

impl Check<'_> {
    /// The names that became visible since `start`, with what they mean now.
    fn visible_since(&self, start: usize) -> BTreeMap<Arc<str>, Type> {
        let names = self.shown.get(start..).unwrap_or_default();
        let seen = names.iter().filter_map(|name| match &self.names.get(name)?.visibility {
            Visibility::Visible(type_) => Some((name.clone(), type_.clone())),
            _ => None,
        });
        seen.collect()
    }

    /// Makes every name since `start` optional.
    fn make_optional(&mut self, start: usize) {
        for (name, type_) in self.visible_since(start) {
            self.see(&name, Visibility::Visible(Type::optional(type_)));
        }
    }

    /// `if … { … } else if … { … } else { … }`
    pub(super) fn if_(&mut self, if_: &ast::If) -> StatementId {
        let outer_order = std::mem::replace(&mut self.free_order, if_.depends.is_some());
        let when = if_.when.as_ref().map(|when| self.condition(when));
        self.free_order = outer_order;
        let outer_facts = self.facts.clone();
        let number = self.next_if;
        self.next_if += 1;
        let mut branches = Vec::new();
        let mut seen: Vec<BTreeMap<Arc<str>, Type>> = Vec::new();
        self.report_unreachable_branches(if_);
        for (index, branch) in if_.branches.iter().enumerate() {
            let condition = self.condition(&branch.condition);
            let before = self.facts.clone();
            self.facts.learn(facts_when(&branch.condition, true));
            let body = self.branch(&branch.body, (number, u32::try_from(index).unwrap_or(u32::MAX)), &mut seen);
            self.facts = before;
            self.facts.learn(facts_when(&branch.condition, false));
            branches.push(Branch { condition, body });
        }
        let otherwise = if_.otherwise.as_ref().map(|body| self.branch(body, (number, u32::MAX), &mut seen));
        self.facts = outer_facts;
        self.join(&seen, otherwise.is_some() && when.is_none());
        if let Some(name) = &if_.name {
            self.declare_block(name, Visibility::Block("`if`"));
        }
        let kind = StatementKind::If(If { branches, otherwise });
        let span = if_.span.before().to(if_.branches.first().map_or(if_.span, |branch| branch.condition.span));
        self.add_statement(if_.name.as_ref(), if_.doc.as_ref(), None, when, kind, span, if_.depends.as_ref())
    }

    /// A branch whose condition stands above it, or that stands behind `if true`, never runs.
    fn report_unreachable_branches(&mut self, if_: &ast::If) {
        let mut above: Vec<(String, Span)> = Vec::new();
        let mut certain: Option<Span> = None;
        for branch in &if_.branches {
            let span = branch.condition.span;
            let written = self.context.slice(span).split_whitespace().collect::<Vec<_>>().join(" ");
            let same = above.iter().find(|(earlier, _)| *earlier == written).map(|(_, span)| *span);
            if let Some(decided) = certain.or(same) {
                self.report(&Unreachable { what: "branch", span, decided });
            }
            if matches!(branch.condition.bare().kind, ast::ExpressionKind::Bool(true)) {
                certain = certain.or(Some(span));
            }
            above.push((written, span));
        }
        if let (Some(otherwise), Some(decided)) = (&if_.otherwise, certain) {
            self.report(&Unreachable { what: "branch", span: otherwise.span.before().to(otherwise.span), decided });
        }
    }

    fn branch(&mut self, body: &ast::Body, place: (u32, u32), seen: &mut Vec<BTreeMap<Arc<str>, Type>>) -> BodyId {
        let start = self.shown.len();
        self.branches.push(place);
        let id = self.body(body, BodyKind::Sequence);
        self.branches.pop();
        let visible = self.visible_since(start);
        for name in visible.keys() {
            self.see(name, Visibility::Over("another branch"));
        }
        seen.push(visible);
        id
    }

    /// What the names of branches mean behind them: the value where every branch declares it with one type, else optional.
    fn join(&mut self, seen: &[BTreeMap<Arc<str>, Type>], complete: bool) {
        let names: std::collections::BTreeSet<&Arc<str>> = seen.iter().flat_map(BTreeMap::keys).collect();
        for name in names {
            let types: Vec<&Type> = seen.iter().filter_map(|branch| branch.get(name)).collect();
            let same = types.windows(2).all(|pair| matches!(pair, [a, b] if a.required() == b.required()));
            let Some(first) = types.first() else { continue };
            let whole = complete && types.len() == seen.len() && types.iter().all(|type_| !matches!(type_, Type::Optional(_)));
            let visibility = match (same, whole) {
                (false, _) => Visibility::Differs,
                (true, true) => Visibility::Visible((*first).clone()),
                (true, false) => Visibility::Visible(Type::optional((*first).clone())),
            };
            self.see(name, visibility);
        }
    }

    /// A block with one body.
    pub(super) fn block(&mut self, block: &ast::Block) -> Option<StatementId> {
        let outer_order = std::mem::replace(&mut self.free_order, block.depends.is_some());
        let when = block.when.as_ref().map(|when| self.condition(when));
        let start = self.shown.len();
        let outer_facts = self.facts.clone();
        if let Some(when) = &block.when {
            self.facts.learn(facts_when(when, true));
        }
        let (kind, type_) = match &block.kind {
            BlockKind::Stage | BlockKind::Missing => {
                let body = self.body(&block.body, BodyKind::Sequence);
                (StatementKind::Stage(body), None)
            }
            BlockKind::Parallel(concurrency) => self.parallel(block, concurrency, start),
            BlockKind::ForEach { iterators, concurrency } => self.for_each(block, iterators, concurrency.as_ref(), start),
            BlockKind::Repeat { until, pause, max } => (self.repeat(block, (until, pause.as_ref(), max), start), None),
        };
        self.facts = outer_facts;
        self.free_order = outer_order;
        let goes_on = may_give_nothing(&block.body);
        let is_loop = matches!(block.kind, BlockKind::ForEach { .. });
        let optional = when.is_some() || goes_on && !is_loop || self.is_lenient();
        if optional {
            self.make_optional(start);
        }
        let value = match (&block.name, type_) {
            (Some(name), Some(type_)) => {
                let type_ = if optional { Type::optional(type_) } else { type_ };
                Some(self.declare(name, &type_, ValueOrigin::Block))
            }
            (Some(name), None) => {
                let visibility = if block.kind == BlockKind::Missing {
                    Visibility::Visible(Type::Unknown)
                } else {
                    Visibility::Block(title(&block.kind))
                };
                self.declare_block(name, visibility);
                None
            }
            (None, _) => None,
        };
        let span = block.head;
        Some(self.add_statement(block.name.as_ref(), block.doc.as_ref(), value, when, kind, span, block.depends.as_ref()))
    }

    /// How many at a time: at least one.
    pub(super) fn most(&mut self, max: Option<&ast::Expression>) -> Option<Expression> {
        let max = self.expression(max?, &Type::Int);
        if let ExpressionKind::Literal(Value::Int(number)) = max.kind
            && max.type_ == Type::Int
            && number < 1
        {
            self.report(&ZeroOfThem { span: max.span });
        }
        Some(max)
    }

    fn parallel(&mut self, block: &ast::Block, concurrency: &ast::Concurrency, start: usize) -> (StatementKind, Option<Type>) {
        let max = self.most(concurrency.max.as_ref());
        let body = self.body(&block.body, BodyKind::Parallel);
        if concurrency.wait == Wait::All {
            let race = None;
            return (StatementKind::Parallel(Parallel { wait: concurrency.wait, max, body, race }), None);
        }
        let type_ = block.name.as_ref().map(|name| self.race_type(name, &block.body, concurrency.wait));
        self.make_optional(start);
        let has_value = type_.as_ref().is_some_and(|type_| type_.field("value").is_some());
        let race = type_.as_ref().map(|_| Race { has_value });
        (StatementKind::Parallel(Parallel { wait: concurrency.wait, max, body, race }), type_)
    }

    /// `winner`, the union of the branches' names, and `value` where all branches are steps of one type; optional where a failed
    /// one may win.
    fn race_type(&mut self, name: &ast::Name, body: &ast::Body, wait: Wait) -> Type {
        let mut winners: Vec<Arc<str>> = Vec::new();
        let mut values: Vec<Option<Type>> = Vec::new();
        let mut may_fail = false;
        for entry in &body.entries {
            if let ast::Entry::Step(step) = entry {
                may_fail |= wait == Wait::First && goes_on(step);
            }
            let (branch, value, span) = match entry {
                ast::Entry::Step(step) => (Some(&step.name), Some(self.step_types(step).ran), step.span),
                ast::Entry::Block(block) => (block.name.as_ref(), None, block.head),
                ast::Entry::If(if_) => (if_.name.as_ref(), None, if_.span),
                _ => continue,
            };
            match branch {
                Some(branch) => winners.push(branch.text.clone()),
                None => self.report(&RaceBranchWithoutName { race: &name.text, span }),
            }
            values.push(value);
        }
        let mut fields = vec![Field { name: "winner".into(), type_: Type::Union(winners.into()) }];
        let first = values.first().cloned().flatten();
        if let Some(first) = first
            && values.iter().all(|value| value.as_ref() == Some(&first))
        {
            let type_ = if may_fail { Type::optional(first) } else { first };
            fields.push(Field { name: "value".into(), type_ });
        }
        Type::Record(fields.into())
    }

    fn for_each(
        &mut self,
        block: &ast::Block,
        iterators: &[ast::Iterator],
        concurrency: Option<&ast::Concurrency>,
        start: usize,
    ) -> (StatementKind, Option<Type>) {
        let max = concurrency.and_then(|concurrency| self.most(concurrency.max.as_ref()));
        let mut checked = Vec::new();
        let mut items = Vec::new();
        for iterator in iterators {
            let list = self.inferred(&iterator.list);
            if matches!(&iterator.list.bare().kind, ast::ExpressionKind::List(elements) if elements.is_empty()) {
                self.report(&Unreachable { what: "loop", span: block.body.span, decided: iterator.list.span });
            }
            if list.type_.holds_secret() {
                let (span, trail) = (list.span, self.trail(&list));
                self.report(&crate::expression::SecretLeak { span, target: "loop", trail: &trail });
            }
            let (index, item) = self.with_checker(|checker| checker.iterated(&list));
            checked.push((iterator, list, index, item));
        }
        let mut variables = Vec::new();
        let mut loops = Vec::new();
        for (iterator, list, index_type, item_type) in checked {
            let index = iterator.index.as_ref().map(|name| self.declare(name, &index_type, ValueOrigin::LoopVariable));
            let item = self.declare(&iterator.item, &item_type, ValueOrigin::LoopVariable);
            variables.extend(iterator.index.iter().map(|name| name.text.clone()));
            variables.push(iterator.item.text.clone());
            items.push(item_type);
            loops.push(Iterator { index, item, list });
        }
        let body = self.body(&block.body, BodyKind::Sequence);
        let names = self.visible_since(start);
        let goes_on = may_give_nothing(&block.body);
        let wait = concurrency.map(|concurrency| concurrency.wait);
        let race = matches!(wait, Some(Wait::Any | Wait::First));
        let mut fields = Vec::new();
        let mut exports = Vec::new();
        for (name, type_) in &names {
            if variables.contains(name) {
                self.see(name, Visibility::Over("a loop"));
                continue;
            }
            let loop_name = block.name.as_ref().map(|name| name.text.clone());
            let value = self.names.get(name).and_then(|known| known.value);
            self.see(name, Visibility::InLoop(loop_name));
            if race && &**name == "winner" {
                continue;
            }
            if let (Some(block), Some(inner)) = (&block.name, value.and_then(|value| self.workflow.values.get(value))) {
                self.context.recorder.member(block.span, name, Symbol::Value(inner.span));
            }
            let element = if goes_on { Type::optional(type_.clone()) } else { type_.clone() };
            let type_ = if race { element } else { Type::list(element) };
            fields.push(Field { name: name.clone(), type_ });
            exports.extend(value.map(|value| wf_model::program::Export { name: name.clone(), value }));
        }
        if race {
            fields.insert(0, Field { name: "winner".into(), type_: winner_type(iterators, &items) });
        }
        let for_each = ForEach { iterators: loops, parallel: wait, max, body, exports };
        (StatementKind::ForEach(Box::new(for_each)), Some(Type::Record(fields.into())))
    }

    fn repeat(
        &mut self,
        block: &ast::Block,
        (until, pause, max): (&ast::Expression, Option<&ast::Expression>, &ast::Expression),
        start: usize,
    ) -> StatementKind {
        let pause = pause.map(|pause| self.time(pause));
        let max = self.most(Some(max)).unwrap_or_else(|| Self::nothing(max.span));
        let body = self.body(&block.body, BodyKind::Sequence);
        if may_give_nothing(&block.body) {
            self.make_optional(start);
        }
        let until = self.condition(until);
        StatementKind::Repeat(Box::new(Repeat { until, pause, max, body }))
    }
}

/// What the winner of a race of a loop is: its element, or those of all lists by the names of their variables.
fn winner_type(iterators: &[ast::Iterator], items: &[Type]) -> Type {
    match items {
        [item] => item.clone(),
        _ => Type::record(iterators.iter().map(|iterator| &*iterator.item.text).zip(items.iter().cloned())),
    }
}

fn title(kind: &BlockKind) -> &'static str {
    match kind {
        BlockKind::Stage | BlockKind::Missing => "stage",
        BlockKind::Parallel(_) => "parallel",
        BlockKind::ForEach { .. } => "loop",
        BlockKind::Repeat { .. } => "repeat",
    }
}
