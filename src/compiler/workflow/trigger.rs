//! `trigger`.

use super::Check;
use crate::findings::{
    BadSchedule, PatternProblem, ScheduleNeverDue, TriggerArgument, TriggerOptionUnknown, UnknownTimezone, UnknownTrigger,
    WebhookUnsigned,
};
use std::str::FromStr;
use std::sync::Arc;
use wf_model::expression::Expression;
use wf_model::program::{CatchUp, Overlap, Trigger, TriggerKind};
use wf_model::span::Span;
use wf_model::suggest::near;
use wf_model::types::Type;
use wf_syntax::ast::{self, ExpressionKind};

/// The sorts of trigger, with the options of each beside `with`.
const KINDS: [(&str, &[&str]); 3] =
    [("schedule", &["timezone", "overlap", "catch"]), ("change", &["settle"]), ("webhook", &["signed"])];

impl Check<'_> {
    /// `trigger schedule "0 2 * * *" …`
    pub(super) fn trigger(&mut self, trigger: &ast::Trigger) {
        let kind = &trigger.kind;
        let Some((_, allowed)) = KINDS.iter().find(|(name, _)| *name == &*kind.text) else {
            let near = near(&kind.text, KINDS.iter().map(|(name, _)| *name));
            return self.report(&UnknownTrigger { name: &kind.text, span: kind.span, near });
        };
        for option in &trigger.options {
            if &*option.name.text != "with" && !allowed.contains(&&*option.name.text) {
                self.report(&TriggerOptionUnknown { option: &option.name.text, kind: &kind.text, span: option.name.span });
            }
        }
        let Some(subject) = self.plain(&trigger.subject) else { return };
        let kind = match &*kind.text {
            "schedule" => self.schedule(subject, trigger),
            "change" => self.change(subject, trigger),
            _ => self.webhook(subject, trigger),
        };
        let event = event_type(&kind);
        let outer = self.event.replace(event);
        let arguments = self.trigger_arguments(trigger);
        self.event = outer;
        self.workflow.triggers.push(Trigger { kind, arguments, span: trigger.span });
    }

    fn schedule(&mut self, cron: Arc<str>, trigger: &ast::Trigger) -> TriggerKind {
        if let Some(problem) = schedule_problem(&cron) {
            self.report(&BadSchedule { span: trigger.subject.span, problem: &problem });
        } else if never_due(&cron) {
            self.report(&ScheduleNeverDue { span: trigger.subject.span });
        }
        let mut timezone: Arc<str> = "UTC".into();
        let (mut overlap, mut catch_up) = (Overlap::default(), CatchUp::default());
        for option in &trigger.options {
            match &*option.name.text {
                "timezone" => {
                    if let Some(name) = self.plain(&option.value) {
                        if jiff::tz::TimeZone::get(&name).is_err() {
                            self.report(&UnknownTimezone { name: &name, span: option.value.span });
                        }
                        timezone = name;
                    }
                }
                "overlap" => {
                    let words = ["skip", "queue", "replace", "allow"];
                    overlap = match self.word(option, &words) {
                        Some("queue") => Overlap::Queue,
                        Some("replace") => Overlap::Replace,
                        Some("allow") => Overlap::Allow,
                        _ => Overlap::Skip,
                    };
                }
                "catch" => {
                    catch_up = match self.word(option, &["none", "latest", "all"]) {
                        Some("none") => CatchUp::None,
                        Some("all") => CatchUp::All,
                        _ => CatchUp::Latest,
                    };
                }
                _ => {}
            }
        }
        TriggerKind::Schedule { cron, timezone, overlap, catch_up }
    }

    /// One of several words behind an option.
    fn word(&mut self, option: &ast::TriggerOption, words: &[&'static str]) -> Option<&'static str> {
        let written = match &option.value.kind {
            ExpressionKind::Name(name) => name.to_string(),
            _ => String::new(),
        };
        let found = words.iter().copied().find(|word| *word == written);
        if found.is_none() {
            self.report(&crate::findings::TriggerWord { span: option.value.span, words });
        }
        found
    }

    fn change(&mut self, pattern: Arc<str>, trigger: &ast::Trigger) -> TriggerKind {
        if let Some(problem) = crate::pattern::problem(&pattern) {
            self.report(&PatternProblem { span: trigger.subject.span, problem: &problem });
        }
        let mut settle = None;
        for option in trigger.options.iter().filter(|option| &*option.name.text == "settle") {
            let value = self.time(&option.value);
            if let Some(wf_model::value::Value::Duration(duration)) = crate::expression::constant(&value) {
                settle = Some(duration);
            }
        }
        TriggerKind::Change { pattern, settle }
    }

    fn webhook(&mut self, path: Arc<str>, trigger: &ast::Trigger) -> TriggerKind {
        let mut secret = None;
        let signed = trigger.options.iter().find(|option| &*option.name.text == "signed");
        match signed {
            Some(option) => {
                let value = self.expression(&option.value, &Type::Secret);
                if let wf_model::expression::ExpressionKind::Reference(wf_model::expression::Reference::Value(id)) = value.kind {
                    secret = Some(id);
                }
            }
            None => self.report(&WebhookUnsigned { span: trigger.span, subject: trigger.subject.span }),
        }
        TriggerKind::Webhook { path, secret }
    }

    /// `with { … }`: parameters of the workflow.
    fn trigger_arguments(&mut self, trigger: &ast::Trigger) -> Vec<(Arc<str>, Expression)> {
        let mut arguments = Vec::new();
        let mut given: Vec<Arc<str>> = Vec::new();
        for option in trigger.options.iter().filter(|option| &*option.name.text == "with") {
            let ExpressionKind::Record(entries) = &option.value.kind else {
                self.report(&TriggerArgument { span: option.value.span, problem: "`with` takes the parameters in braces" });
                continue;
            };
            for (key, value) in entries {
                given.push(key.text.clone());
                let parameter = self.workflow.parameters.iter().find(|parameter| parameter.name == key.text);
                if let Some(parameter) = parameter {
                    self.context.recorder.parameter(key.span, &self.workflow, parameter.value);
                }
                match parameter.map(|parameter| parameter.type_.clone()) {
                    Some(type_) => arguments.push((key.text.clone(), self.expression(value, &type_))),
                    None => {
                        let problem = format!("workflow `{}` has no parameter `{}`", self.workflow.name, key.text);
                        self.report(&TriggerArgument { span: key.span, problem: &problem });
                        self.inferred(value);
                    }
                }
            }
        }
        self.report_not_given(trigger.span, &given);
        arguments
    }

    fn report_not_given(&mut self, span: Span, given: &[Arc<str>]) {
        let missing = self.workflow.parameters.iter().find(|parameter| {
            parameter.default.is_none() && !matches!(parameter.type_, Type::Optional(_)) && !given.contains(&parameter.name)
        });
        if let Some(name) = missing.map(|parameter| parameter.name.clone()) {
            self.report(&TriggerArgument { span, problem: &format!("parameter `{name}` is not given") });
        }
    }
}

/// What keeps a cron line of five fields, or a nickname such as `@daily`, from being read.
fn schedule_problem(cron: &str) -> Option<String> {
    let fields = cron.split_whitespace().count();
    if fields != 5 && !cron.starts_with('@') {
        return Some(format!("it has {fields} {} instead of five", if fields == 1 { "field" } else { "fields" }));
    }
    let error = croner::Cron::from_str(cron).err()?.to_string();
    let reason = error.rsplit(": ").next().unwrap_or(&error).trim_end_matches('.');
    let mut characters = reason.chars();
    Some(characters.next().into_iter().flat_map(char::to_lowercase).chain(characters).collect())
}

/// Whether a cron line that can be read names days only that none of its months has: `0 0 30 2 *`.
fn never_due(cron: &str) -> bool {
    let fields: Vec<&str> = cron.split_whitespace().collect();
    let [_, _, days, months, "*"] = fields.as_slice() else { return false };
    let first_day = days.split(',').map(|item| item.split(['-', '/']).next().unwrap_or("").parse::<u8>());
    let Some(first_day) = first_day.collect::<Result<Vec<_>, _>>().ok().and_then(|days| days.into_iter().min()) else {
        return false;
    };
    let longest = |month: u8| match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let months = months.split(',').map(|month| month.parse().ok().or_else(|| month_named(month)));
    months.collect::<Option<Vec<u8>>>().is_some_and(|months| months.into_iter().all(|month| first_day > longest(month)))
}

/// The number of a month by the first letters of its name.
fn month_named(name: &str) -> Option<u8> {
    let names = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    (1_u8..).zip(names).find(|(_, known)| name.eq_ignore_ascii_case(known)).map(|(number, _)| number)
}

/// What a trigger is called with.
fn event_type(kind: &TriggerKind) -> Type {
    match kind {
        TriggerKind::Schedule { .. } => Type::record([("time", Type::String)]),
        TriggerKind::Change { .. } => Type::record([("path", Type::Path), ("kind", Type::String)]),
        TriggerKind::Webhook { .. } => Type::record([("body", Type::Json), ("headers", Type::map(Type::String))]),
    }
}
