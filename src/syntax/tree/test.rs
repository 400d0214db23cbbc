//! `test`, and the statements that stand in it only.

use super::Parser;
use super::head::Head;
use crate::ast::{Mock, MockOutcome, Test, TestRun};
use crate::parse::{Rule, plain_string};
use crate::scan::Entry;
use pest::iterators::Pair;
use wf_model::span::Span;

impl Parser<'_> {
    /// `test "what it shows" { … }`
    pub(super) fn test(&mut self, entry: &Entry, span: Span) -> Option<Test> {
        let name = self.head(Rule::test_head, span, |head| {
            let string = head.take(Rule::string)?;
            let span = head.convert.span(&string);
            Some((plain_string(string, &mut head.convert)?, span))
        });
        let body = self.one_body(entry, "test", "test \"what it shows\" { … }")?;
        let (name, name_span) = name.unwrap_or_else(|| (String::new(), span));
        Some(Test { doc: self.doc(entry), name, name_span, body, span: entry.span })
    }

    /// `run deploy with { … }`
    pub(super) fn test_run(&mut self, span: Span) -> Option<TestRun> {
        self.head(Rule::run_head, span, |head| Some(TestRun { workflow: head.name()?, with: head.expression(), span }))
    }

    /// `mock ship.health[1] fails "503" 2 times after 4m`
    pub(super) fn mock(&mut self, span: Span) -> Option<Mock> {
        self.head(Rule::mock_head, span, |head| {
            let target = head.expression()?;
            let part = head.next()?;
            let (outcome, times) = outcome(part, head);
            let after = head.expression_in(Rule::mock_after);
            Some(Mock { target, outcome: outcome?, after, times, span })
        })
    }
}

fn outcome<'a>(part: Pair<'a, Rule>, head: &mut Head<'a>) -> (Option<MockOutcome>, Option<crate::ast::Expression>) {
    match part.as_rule() {
        Rule::mock_succeeds => (Some(MockOutcome::Succeeds(head.inner_expression(part))), None),
        Rule::mock_times_out => (Some(MockOutcome::TimesOut), None),
        Rule::mock_crashes => (Some(MockOutcome::Crashes), None),
        Rule::mock_gives => (head.inner_expression(part).map(MockOutcome::Gives), None),
        Rule::mock_fails => {
            let mut inside = head.inside(part);
            let message = inside.expression_in(Rule::mock_message);
            let times = inside.expression_in(Rule::mock_times);
            head.absorb(inside);
            (Some(MockOutcome::Fails(message)), times)
        }
        _ => (None, None),
    }
}
