//! The entries of a body, each read by the rule of its first word.

use super::findings::{
    Assignment, Change, ClauseWithColon, ElseWithoutIf, MissingColon, MissingStep, StatementExpected, TypeBehindBlock,
    UnknownStatement,
};
use super::pasted::Surroundings;
use super::words::{BLOCKS, CLAUSES, ENTRIES, foreign};
use super::{Parser, Patch};
use crate::ast::{Attribute, Body, Entry as Statement, Name};
use crate::parse::Rule;
use crate::scan::{self, Entry, Part, Reading};
use wf_model::diagnostic::Finding;
use wf_model::span::Span;
use wf_model::suggest::{is_typing_mistake, nearest};

/// What may follow `on`.
const CAUSES: [&str; 4] = ["failure", "success", "cancel", "unknown"];

/// Signs that change a value in other languages.
const CHANGES: [&str; 8] = ["+=", "-=", "*=", "/=", "%=", ".=", "++", "--"];

/// What other languages say for them.
const FOREIGN_CAUSES: [(&str, &str); 10] = [
    ("error", "failure"),
    ("fail", "failure"),
    ("failed", "failure"),
    ("done", "success"),
    ("succeeded", "success"),
    ("completed", "success"),
    ("abort", "cancel"),
    ("cancelled", "cancel"),
    ("canceled", "cancel"),
    ("interrupt", "cancel"),
];

impl Parser<'_> {
    /// What stands between braces.
    pub(super) fn body(&mut self, body: &scan::Body) -> Body {
        let among = if self.in_invocation { Surroundings::Attributes } else { Surroundings::Statements };
        let entries = self.gathered(&body.entries, among);
        let end = body.close.or_else(|| body.entries.last().map(|entry| entry.span)).unwrap_or(body.open);
        let unread = entries.len() < body.entries.len();
        Body { entries, unread, span: body.open.to(end) }
    }

    pub(super) fn entry(&mut self, entry: &Entry) -> Option<Statement> {
        let (word, head) = self.first_word(entry)?;
        if self.goes_on_said(head) || self.condition_of_shell(entry, word, head) {
            return None;
        }
        if let Some(read) = self.form_elsewhere(entry, head) {
            return read;
        }
        let word = self.with_hyphens(word, head);
        let written = self.slice(word);
        let behind = self.slice(head).get(written.len()..).unwrap_or("").trim_start();
        if behind.starts_with(':') {
            return self.named_entry(entry, written, word, head);
        }
        if self.in_invocation && written == "run" {
            return self.unknown(entry, word, head);
        }
        self.known(entry, written, head).unwrap_or_else(|| self.unknown(entry, word, head))
    }

    /// A statement that begins with `word`; `None` where no statement does.
    pub(super) fn known(&mut self, entry: &Entry, word: &str, head: Span) -> Option<Option<Statement>> {
        let known = match word {
            "param" => self.only_head(entry).and_then(|head| self.param(entry, head)).map(boxed(Statement::Param)),
            "secret" => self.only_head(entry).and_then(|head| self.secret(entry, head)).map(boxed(Statement::Secret)),
            "let" => self.only_head(entry).and_then(|head| self.let_(entry, head)).map(boxed(Statement::Let)),
            "output" => self.only_head(entry).and_then(|head| self.output(entry, head)).map(boxed(Statement::Output)),
            "step" => self.step(entry, head).map(|step| Statement::Step(Box::new(step))),
            "if" => self.if_(entry).map(boxed(Statement::If)),
            "for" if self.patch.is_none() && self.word_after("for", head).is_none_or(|next| &*next.text != "each") => {
                return None;
            }
            "stage" | "parallel" | "for" | "repeat" => {
                self.block(entry, word, head).map(|block| Statement::Block(Box::new(block)))
            }
            "rollback" => self.only_head(entry).and_then(|head| self.rollback(head)).map(boxed(Statement::Rollback)),
            "checkpoint" => self.only_head(entry).and_then(|head| Some(Statement::Checkpoint(self.checkpoint(head)?, head))),
            "commit" => self.only_head(entry).and_then(|head| {
                self.head(Rule::commit_head, head, |_| Some(()))?;
                Some(Statement::Commit(head))
            }),
            "finally" => self.handler(entry, head).map(boxed(Statement::Handler)),
            "trigger" => self.only_head(entry).and_then(|head| self.trigger(entry, head)).map(boxed(Statement::Trigger)),
            "run" => self.only_head(entry).and_then(|head| self.test_run(head)).map(boxed(Statement::Run)),
            "mock" => self.only_head(entry).and_then(|head| self.mock(head)).map(boxed(Statement::Mock)),
            "undo" => self.undo(entry, head).map(boxed(Statement::Clause)),
            "on" => self.on(entry, head),
            "else" => {
                self.diagnostics.push(ElseWithoutIf { head }.diagnostic());
                None
            }
            _ => return self.simple_clause(entry, word),
        };
        Some(known)
    }

    fn simple_clause(&mut self, entry: &Entry, word: &str) -> Option<Option<Statement>> {
        let rule = clause_rule(word)?;
        Some(self.clause(entry, rule).map(boxed(Statement::Clause)))
    }

    /// `on failure continue`, `on unknown …`, or a handler.
    fn on(&mut self, entry: &Entry, head: Span) -> Option<Statement> {
        let cause = self.second_word(head);
        let written = cause.as_ref().map_or("", |name| &*name.text);
        if CAUSES.contains(&written) {
            let continues = self.word_after("failure", head).is_some_and(|word| &*word.text == "continue");
            return self.on_cause(entry, written, continues, head);
        }
        let foreign = FOREIGN_CAUSES.iter().find(|(theirs, _)| *theirs == written).map(|(_, ours)| *ours);
        let meant = foreign.or_else(|| nearest(written, CAUSES));
        let word = cause.as_ref().map_or(head, |name| name.span);
        let shown = if meant.is_some() { written.to_owned() } else { format!("on {written}") };
        let patch = meant.map(|meant| Patch::replacing(head, self.text, word, meant));
        let fits = foreign.is_some()
            && patch.as_ref().is_some_and(|patch| rules("on").iter().any(|rule| Self::fits(*rule, &patch.text)));
        let finding = UnknownStatement { word, written: shown, meant, nested: false, of_file: false, fits };
        self.diagnostics.push(finding.diagnostic());
        let patch = patch?;
        let continues = Self::fits(Rule::continue_head, &patch.text);
        self.patched(patch, |parser| parser.on_cause(entry, meant?, continues, head))
    }

    pub(super) fn on_cause(&mut self, entry: &Entry, cause: &str, continues: bool, head: Span) -> Option<Statement> {
        match cause {
            "unknown" => self.on_unknown(entry, head).map(boxed(Statement::Clause)),
            "failure" if continues => self.clause(entry, Rule::continue_head).map(boxed(Statement::Clause)),
            _ => self.handler(entry, head).map(boxed(Statement::Handler)),
        }
    }

    /// `name: …`: an attribute, a block with a name, or a clause that takes no colon.
    fn named_entry(&mut self, entry: &Entry, written: &str, word: Span, head: Span) -> Option<Statement> {
        let colon = self.colon_behind(word, head);
        if self.slice(colon.after().to(head.after())).starts_with('=') {
            let equals = self.equals_behind(word, head);
            let declared = self.declared.contains(written);
            let found =
                Assignment { word, written: written.to_owned(), equals, attribute: self.in_invocation, walrus: !declared };
            self.diagnostics.push(found.diagnostic());
            return None;
        }
        if CLAUSES.contains(&written) {
            let rule = clause_rule(written).or(clause_with_body(written));
            let mut patch = Patch::replacing(head, self.text, colon, " ");
            if written == "retry" && !Self::fits(Rule::retry_head, &patch.text) {
                patch.text.push_str(" times");
            }
            if rule.is_some_and(|rule| Self::fits(rule, &patch.text)) {
                let behind = patch.text.get(written.len()..).unwrap_or("");
                let right = format!("{written} {}", behind.trim_start());
                self.diagnostics
                    .push(ClauseWithColon { head, place: word.to(colon), clause: written, right: &right }.diagnostic());
                return self.patched(patch, |parser| parser.known(entry, written, head).flatten());
            }
        }
        if written == "step" && Self::fits(Rule::step_head, &format!("step name{}", self.slice(colon.to(head.after())))) {
            self.unnamed_step(entry, colon, head);
            return None;
        }
        let has_body = entry.parts.iter().any(|part| matches!(part, Part::Body(_)));
        let second = self.word_at(colon.end as usize, head);
        let second_text = second.as_ref().map_or("", |name| &*name.text).to_owned();
        match second {
            _ if second_text == "if" && has_body => self.if_(entry).map(boxed(Statement::If)),
            _ if BLOCKS.contains(&second_text.as_str()) && has_body => {
                self.block(entry, &second_text, head).map(|block| Statement::Block(Box::new(block)))
            }
            Some(second) if has_body && self.foreign_block(&second, head).is_some() => {
                let (keyword, patch) = self.foreign_block(&second, head)?;
                let meant = Some(keyword);
                let finding = UnknownStatement {
                    word: second.span,
                    written: second_text,
                    meant,
                    nested: false,
                    of_file: false,
                    fits: true,
                };
                self.diagnostics.push(finding.diagnostic());
                let word = keyword.split(' ').next().unwrap_or(keyword);
                self.patched(patch, |parser| parser.block(entry, word, head)).map(|block| Statement::Block(Box::new(block)))
            }
            Some(second) => {
                let step = Patch::inserting_before(head, self.text, "step ");
                if Self::fits(Rule::step_head, &step.text) && !Self::fits(Rule::attribute_head, self.slice(head)) {
                    self.diagnostics.push(MissingStep { head, kind: second.text.to_string() }.diagnostic());
                    return self.patched(step, |parser| parser.known(entry, "step", head).flatten());
                }
                self.plain_attribute(entry)
            }
            None => self.plain_attribute(entry),
        }
    }

    /// The block that a misspelt or foreign word behind `name:` stands for, with the head as it should be.
    fn foreign_block(&self, word: &Name, head: Span) -> Option<(&'static str, Patch)> {
        const KEYWORDS: [&str; 4] = ["stage", "parallel", "for each", "repeat until"];
        let meant = foreign(&word.text).filter(|ours| KEYWORDS.contains(ours)).or_else(|| nearest(&word.text, KEYWORDS))?;
        let patch = Patch::replacing(head, self.text, word.span, meant);
        let keyword = meant.split(' ').next().unwrap_or(meant);
        rules(keyword).iter().any(|rule| Self::fits(*rule, &patch.text)).then_some((meant, patch))
    }

    /// The first word with what hangs on it by hyphens, where a colon follows: a name in a form that is reported.
    fn with_hyphens(&self, word: Span, head: Span) -> Span {
        let rest = self.text.get(word.end as usize..head.end as usize).unwrap_or("");
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
        let is_name = rest.starts_with('-') && rest.get(length..).is_some_and(|behind| behind.trim_start().starts_with(':'));
        if is_name { self.span(word.start as usize, word.end as usize + length) } else { word }
    }

    fn plain_attribute(&mut self, entry: &Entry) -> Option<Statement> {
        self.only_head(entry).and_then(|head| self.attribute(head)).map(boxed(Statement::Attribute))
    }

    /// An entry whose first word begins no statement: read as what was most likely meant, so that it costs one diagnostic.
    fn unknown(&mut self, entry: &Entry, word: Span, head: Span) -> Option<Statement> {
        let written = self.slice(word).to_owned();
        if let Some(statement) = self.misspelt(entry, &written, word, head) {
            return Some(statement);
        }
        if self.habit(entry, word, head) {
            return None;
        }
        let behind = self.slice(head).get(written.len()..).unwrap_or("").trim_start().to_owned();
        let name = Name { text: written.as_str().into(), span: word };
        if behind.is_empty() && entry.parts.len() > 1 && nearest(&written, ["else"]).is_none() {
            self.diagnostics.push(MissingColon { word, written }.diagnostic());
            return Some(Statement::Attribute(Box::new(Attribute {
                name,
                value: super::declaration::missing(head),
                span: entry.span,
            })));
        }
        if CHANGES.iter().any(|sign| behind.starts_with(sign))
            || self.declared.contains(written.as_str()) && behind.starts_with('=')
        {
            self.diagnostics.push(Change { head, written }.diagnostic());
            return None;
        }
        if behind.starts_with('=') && !behind.starts_with("==") {
            self.diagnostics.push(
                Assignment {
                    word,
                    written,
                    equals: self.equals_behind(word, head),
                    attribute: self.in_invocation,
                    walrus: false,
                }
                .diagnostic(),
            );
            let value = super::declaration::missing(head);
            let declaration = Patch::inserting_before(head, self.text, "let ");
            if !self.in_invocation && Self::fits(Rule::let_head, &declaration.text) {
                return self.patched(declaration, |parser| parser.let_(entry, head)).map(boxed(Statement::Let));
            }
            return self.in_invocation.then_some(Statement::Attribute(Box::new(Attribute { name, value, span: entry.span })));
        }
        let colon = Patch::replacing(head, self.text, word.after(), ":");
        let data = foreign(&written).is_none() && behind.starts_with(['"', '\'', '[', '{', '('])
            || behind.starts_with(|c: char| c.is_ascii_digit());
        if (self.in_invocation || data) && Self::fits(Rule::attribute_head, &colon.text) {
            self.diagnostics.push(MissingColon { word, written }.diagnostic());
            let attribute = self.patched(colon, |parser| parser.attribute(head))?;
            return Some(Statement::Attribute(Box::new(Attribute { name, ..attribute })));
        }
        let meant = foreign(&written).or_else(|| nearest(&written, ENTRIES.into_iter().chain(["else"])));
        self.diagnostics.push(UnknownStatement { word, written, meant, nested: false, of_file: false, fits: false }.diagnostic());
        // What stands in its bodies is read all the same.
        self.invocation_body(entry);
        None
    }

    /// A statement whose first word is misspelt, or another language's.
    fn misspelt(&mut self, entry: &Entry, written: &str, word: Span, head: Span) -> Option<Statement> {
        let near = |meant: &&str| !super::habits::is_word_elsewhere(written) || is_typing_mistake(written, meant);
        let meant = foreign(written).or_else(|| nearest(written, ENTRIES).filter(near))?;
        let patch = Patch::replacing(head, self.text, word, meant);
        let keyword = meant.split(' ').next().unwrap_or(meant);
        if !rules(keyword).iter().any(|rule| Self::fits(*rule, &patch.text)) {
            return None;
        }
        let fits = foreign(written).is_some();
        let finding =
            UnknownStatement { word, written: written.to_owned(), meant: Some(meant), nested: false, of_file: false, fits };
        self.diagnostics.push(finding.diagnostic());
        self.patched(patch, |parser| parser.known(entry, keyword, head).flatten())
    }

    /// The first word of an entry and its first head; reports an entry that begins with none.
    pub(super) fn first_word(&mut self, entry: &Entry) -> Option<(Span, Span)> {
        let head = match entry.parts.first() {
            Some(Part::Head(head)) => head,
            Some(Part::Body(body)) => {
                self.diagnostics.push(StatementExpected { at: body.open, of_file: false }.diagnostic());
                self.body(body);
                return None;
            }
            None => return None,
        };
        match self.name_at(head.span) {
            Some(word) => Some((word.span, head.span)),
            // Why it cannot be read as it stands was reported.
            None if head.reading != Reading::AsWritten => None,
            None => {
                let found = if self.slice(head.span).starts_with("->") && self.follows_brace(head.span) {
                    TypeBehindBlock { at: head.span, type_: self.slice(head.span).to_owned() }.diagnostic()
                } else {
                    StatementExpected { at: head.span, of_file: false }.diagnostic()
                };
                self.diagnostics.push(found);
                None
            }
        }
    }

    /// Whether a closing brace stands before this.
    fn follows_brace(&self, at: Span) -> bool {
        self.text.get(..at.start as usize).is_some_and(|before| before.trim_end().ends_with('}'))
    }
}

/// Makes statements of one sort.
fn boxed<T>(make: fn(Box<T>) -> Statement) -> impl FnOnce(T) -> Statement {
    move |part| make(Box::new(part))
}

/// The rule of a clause without a body, by its first word.
fn clause_rule(word: &str) -> Option<Rule> {
    Some(match word {
        "timeout" => Rule::timeout_head,
        "retry" => Rule::retry_head,
        "expect" => Rule::expect_head,
        "reads" => Rule::reads_only_head,
        "no" => Rule::no_undo_head,
        "fail" => Rule::fail_fast_head,
        "cache" => Rule::cache_head,
        "lock" => Rule::lock_head,
        "estimate" => Rule::estimate_head,
        _ => return None,
    })
}

/// The rule of a clause that may have a body, by its first word.
fn clause_with_body(word: &str) -> Option<Rule> {
    (word == "undo").then_some(Rule::undo_head)
}

/// The rules of the statements that begin with `word`.
pub(super) fn rules(word: &str) -> Vec<Rule> {
    match word {
        "param" => vec![Rule::param_head],
        "secret" => vec![Rule::secret_head],
        "let" => vec![Rule::let_head],
        "output" => vec![Rule::output_head],
        "step" => vec![Rule::step_head],
        "if" => vec![Rule::if_head],
        "stage" => vec![Rule::stage_head],
        "parallel" => vec![Rule::parallel_head],
        "for" => vec![Rule::for_head],
        "repeat" => vec![Rule::repeat_head],
        "rollback" => vec![Rule::rollback_head],
        "checkpoint" => vec![Rule::checkpoint_head],
        "commit" => vec![Rule::commit_head],
        "finally" => vec![Rule::handler_head],
        "trigger" => vec![Rule::trigger_head],
        "run" => vec![Rule::run_head],
        "mock" => vec![Rule::mock_head],
        "on" => vec![Rule::handler_head, Rule::continue_head, Rule::unknown_head],
        _ => clause_rule(word).or(clause_with_body(word)).into_iter().collect(),
    }
}
