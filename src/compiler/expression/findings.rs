//! What can be wrong with the meaning of an expression.

use std::sync::Arc;
use wf_model::diagnostic::{Diagnostic, Edit, Finding, Strictness};
use wf_model::noun::with_article;
use wf_model::span::Span;
use wf_model::suggest::Near;
use wf_model::types::Type;
use wf_syntax::ast;

/// `Did you mean` or else what to do.
fn nearly(near: Option<Near<'_>>, otherwise: &str) -> String {
    match near {
        None => otherwise.to_owned(),
        Some(Near { name, sure: true }) => format!("Did you mean `{name}`?"),
        Some(Near { name, sure: false }) => format!("Did you mean `{name}`? {otherwise}"),
    }
}

/// Adds the fix that writes the near name, where it is surely meant.
fn mended(diagnostic: Diagnostic, near: Option<Near<'_>>, span: Span) -> Diagnostic {
    match near {
        Some(Near { name, sure: true }) => diagnostic.with_fix(format!("Write `{name}`"), span, name),
        _ => diagnostic,
    }
}

/// A name that nothing has.
pub(super) struct UnknownName<'a> {
    pub(super) name: &'a str,
    pub(super) span: Span,
    pub(super) near: Option<String>,
    /// How it is left to the shell, if it stands in a shell text.
    pub(super) in_shell: Option<super::shell_text::LeftToShell>,
    /// Whether the near name is surely meant.
    pub(super) sure: bool,
}

impl Finding for UnknownName<'_> {
    const SLUG: &'static str = "unknown-name";

    fn diagnostic(&self) -> Diagnostic {
        let found = Self::at(self.span, format!("no value is called `{}`", self.name)).labelled("not known here");
        if let Some(left) = self.in_shell.as_ref().filter(|_| self.name != "env") {
            let help =
                format!("Write `{}` for a variable of the shell; a value is declared above with `let` or `param`.", left.first);
            let found = found.with_help(help);
            return if left.sure { found.with_edits("Leave it to the shell", left.edits.clone()) } else { found };
        }
        let near = self.near.as_deref().map(|name| Near { name, sure: self.sure });
        if self.name == "env" && near.is_none() {
            return found
                .with_help("Write `env(\"NAME\")` for a variable of the environment; it is missing where it is not set.");
        }
        let help = nearly(near, "Declare it above with `let` or `param`, or put the text into quotes.");
        mended(found.with_help(help), near, self.span)
    }
}

/// A variable of a comprehension that has the name of another value.
pub(super) struct ShadowedName<'a> {
    pub(super) name: &'a str,
    pub(super) span: Span,
}

impl Finding for ShadowedName<'_> {
    const SLUG: &'static str = "shadowed-name";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("`{}` is the name of another value", self.name))
            .labelled("would hide it")
            .with_help("Give the variable a name of its own; no name hides another one.")
    }
}

/// A value of a type that does not fit.
pub(super) struct TypeMismatch<'a> {
    pub(super) span: Span,
    pub(super) target: &'a Type,
    pub(super) type_: &'a Type,
    /// What stands in quotes and would be one without them.
    pub(super) in_quotes: Option<&'a str>,
}

impl TypeMismatch<'_> {
    fn help(&self) -> String {
        if let Some(text) = self.in_quotes {
            return format!("Write `{text}` without quotes.");
        }
        match (self.target.required(), self.type_) {
            (wanted, found) if *found == Type::null() => format!("Write `{wanted}?` as the type where it may be missing."),
            (Type::Int, found) if found.is_text() => "Read it with `.to_int()`.".to_owned(),
            (Type::Float, found) if found.is_text() => "Read it with `.to_float()`.".to_owned(),
            (Type::Int, Type::Float) => "Round it: `.round(0)` stays a float; write the whole number, or divide ints.".to_owned(),
            (Type::String, Type::List(_)) => "Join it: `.join(\", \")`.".to_owned(),
            (Type::String, Type::Map(_) | Type::Record(_)) => "Write it as JSON: `.to_json()`.".to_owned(),
            (Type::String, _) => "Put it into a string: `\"${…}\"`.".to_owned(),
            (Type::List(element), found) if element.accepts(found) => "Put it into brackets: `[…]`.".to_owned(),
            (Type::Path | Type::Url | Type::Union(_), found) if found.is_text() => {
                format!("Say what it is with `as {}`; it is checked in the run.", self.target.required())
            }
            (Type::Channel, _) => "Say where it goes: `slack(url)`, `email(to, smtp)`, `webhook(url)` or `desktop()`.".to_owned(),
            (Type::Bool, _) => "Compare it: `… == …`, or `… != null`.".to_owned(),
            _ => format!("Give {} here.", with_article(self.target)),
        }
    }
}

impl Finding for TypeMismatch<'_> {
    const SLUG: &'static str = "type-mismatch";

    fn diagnostic(&self) -> Diagnostic {
        let found = Self::at(self.span, format!("expected {}, found {}", self.target, self.type_))
            .labelled(format!("this is {}", with_article(self.type_)))
            .with_help(self.help());
        match self.in_quotes {
            Some(text) => found.with_fix("Remove the quotes", self.span, text),
            None => found,
        }
    }
}

/// A plain number where a duration or size is wanted.
pub(super) struct BareNumber<'a> {
    pub(super) span: Span,
    pub(super) number: Option<i64>,
    pub(super) target: &'a Type,
}

impl Finding for BareNumber<'_> {
    const SLUG: &'static str = "bare-number";

    fn diagnostic(&self) -> Diagnostic {
        let unit = if *self.target == Type::Duration { "s" } else { "MB" };
        let found = Self::at(self.span, format!("{} has a unit", with_article(self.target))).labelled("a plain number");
        match self.number {
            Some(number) => found.with_help(format!("Write `{number}{unit}`, or another unit.")).with_fix(
                format!("Write `{number}{unit}`"),
                self.span,
                format!("{number}{unit}"),
            ),
            None => found.with_help(format!("Multiply it by a unit: `… * 1{unit}`.")),
        }
    }
}

/// A size where a duration is wanted, or the reverse.
pub(super) struct WrongUnit<'a> {
    pub(super) span: Span,
    pub(super) target: &'a Type,
    pub(super) type_: &'a Type,
}

impl Finding for WrongUnit<'_> {
    const SLUG: &'static str = "wrong-unit";

    fn diagnostic(&self) -> Diagnostic {
        let help = match self.target.required() {
            Type::Duration => "Durations end in ms, s, m, h or d; `m` is minutes, `MB` is a size.",
            _ => "Sizes end in B, KB, MB or GB; `m` is minutes.",
        };
        Self::at(self.span, format!("expected a {}, found a {}", self.target.required(), self.type_))
            .labelled(format!("measures a {}", self.type_))
            .with_help(help)
    }
}

/// An optional value used as if it were there.
pub(super) struct MayBeMissing<'a> {
    pub(super) span: Span,
    pub(super) type_: &'a Type,
}

impl Finding for MayBeMissing<'_> {
    const SLUG: &'static str = "may-be-missing";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "this value may be missing")
            .labelled(format!("is {}", self.type_))
            .with_help("Say what counts then with `?? …`, go on with `?.`, or use it only where a test `… != null` holds.")
    }
}

/// JSON used as if its type were known.
pub(super) struct JsonNeedsAs<'a> {
    pub(super) span: Span,
    pub(super) target: Option<&'a Type>,
}

impl Finding for JsonNeedsAs<'_> {
    const SLUG: &'static str = "json-needs-as";

    fn diagnostic(&self) -> Diagnostic {
        let target = self.target.map_or_else(|| "string".to_owned(), ToString::to_string);
        Self::at(self.span, "this is JSON of any form")
            .labelled("its type is not known")
            .with_help(format!("Say what it is: `… as {target}`; that is checked in the run. `.to_json()` writes it as text."))
            .with_fix(format!("Add `as {target}`"), self.span.after(), format!(" as {target}"))
    }
}

/// A secret where none may go.
pub(crate) struct SecretLeak<'a> {
    pub(crate) span: Span,
    pub(crate) target: &'a str,
    /// The way it took, from here back to its declaration.
    pub(crate) trail: &'a [(Span, String)],
}

impl Finding for SecretLeak<'_> {
    const SLUG: &'static str = "secret-leak";

    fn diagnostic(&self) -> Diagnostic {
        let found = Self::at(self.span, format!("a secret would leak into {}", with_article(self.target)))
            .labelled("holds a secret")
            .with_help(
                "Pass it where a secret may go, such as `env` or `headers`; `reveal(…)` opts out and shows it everywhere.",
            );
        self.trail.iter().fold(found, |found, (span, text)| found.with_label(*span, text.clone()))
    }
}

/// A condition that is no bool.
pub(super) struct ConditionNotBool<'a> {
    pub(super) span: Span,
    pub(super) type_: &'a Type,
}

impl Finding for ConditionNotBool<'_> {
    const SLUG: &'static str = "condition-not-bool";

    fn diagnostic(&self) -> Diagnostic {
        let help = match self.type_ {
            Type::Optional(inner) if **inner == Type::Bool => "Say what counts when it is missing: `… ?? false`.",
            Type::Optional(_) => "Compare it: `… != null`.",
            Type::List(_) => "Compare it: `… != []`.",
            Type::String | Type::Path | Type::Url | Type::Union(_) => "Compare it: `… != \"\"`.",
            Type::Int | Type::Float => "Compare it: `… > 0`.",
            Type::Json => "Say what it is: `… as bool`.",
            _ => "Compare it with something.",
        };
        Self::at(self.span, format!("a condition is a bool, this is {}", with_article(self.type_)))
            .labelled("neither true nor false")
            .with_help(help)
    }
}

/// A condition that is always the same.
pub(super) struct ConstantCondition {
    pub(super) span: Span,
    pub(super) value: bool,
}

impl Finding for ConstantCondition {
    const SLUG: &'static str = "constant-condition";
    const STRICTNESS: Strictness = Strictness::WARNING;

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("this condition is always {}", self.value))
            .labelled("the same in every run")
            .with_help("Remove it, or compare something that may differ from run to run.")
    }
}

/// Something other than a list or map is gone through.
pub(super) struct NotIterable<'a> {
    pub(super) span: Span,
    pub(super) type_: &'a Type,
}

impl Finding for NotIterable<'_> {
    const SLUG: &'static str = "not-iterable";

    fn diagnostic(&self) -> Diagnostic {
        let help = match self.type_ {
            Type::Int => "Write a range: `1..n`.",
            Type::Json => "Say what it is: `… as [json]`.",
            Type::Optional(_) => "Say what counts when it is missing: `… ?? []`.",
            Type::String => "Split it: `.lines()` or `.split(\",\")`.",
            _ => "Give a list, a range or a map.",
        };
        Self::at(self.span, format!("{} has no elements", with_article(self.type_)))
            .labelled("is gone through here")
            .with_help(help)
    }
}

/// A string that is not in the union.
pub(super) struct UnknownMember<'a> {
    pub(super) span: Span,
    pub(super) text: &'a str,
    pub(super) near: Option<Near<'a>>,
    pub(super) members: &'a [Arc<str>],
}

impl Finding for UnknownMember<'_> {
    const SLUG: &'static str = "unknown-member";

    fn diagnostic(&self) -> Diagnostic {
        let listed = self.members.iter().map(|member| format!("{member:?}")).collect::<Vec<_>>().join(", ");
        let found = Self::at(self.span, format!("{:?} is none of the allowed strings", self.text))
            .labelled("never this")
            .with_help(self.near.map_or_else(
                || format!("Allowed are {listed}."),
                |near| format!("Did you mean {:?}? Allowed are {listed}.", near.name),
            ));
        match self.near {
            Some(Near { name, sure: true }) => found.with_fix(format!("Write {name:?}"), self.span, format!("{name:?}")),
            _ => found,
        }
    }
}

/// A literal that is no path.
pub(super) struct NotPath {
    pub(super) span: Span,
}

impl Finding for NotPath {
    const SLUG: &'static str = "not-a-path";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "this is no path")
            .labelled("empty, or with a NUL in it")
            .with_help("Write a path such as \"./build\".")
    }
}

/// A literal that is no URL.
pub(super) struct NotUrl<'a> {
    pub(super) span: Span,
    pub(super) text: &'a str,
}

impl Finding for NotUrl<'_> {
    const SLUG: &'static str = "not-a-url";

    fn diagnostic(&self) -> Diagnostic {
        let help = if self.text.contains("://") {
            "Write scheme, host and path without blanks: \"https://example.com/path\".".to_owned()
        } else {
            format!("Begin it with the scheme: \"https://{}\".", self.text.trim_start_matches('/').escape_debug())
        };
        Self::at(self.span, "this is no URL").labelled("has no scheme and host").with_help(help)
    }
}

/// A literal that is no mail address.
pub(super) struct NotAddress {
    pub(super) span: Span,
}

impl Finding for NotAddress {
    const SLUG: &'static str = "not-an-address";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "this is no mail address")
            .labelled("has no `@` between a user and a host")
            .with_help("Write an address such as \"ann@example.com\" or \"Ann <ann@example.com>\", and commas between several.")
    }
}

/// A URL that begins with a text which need not be one.
pub(super) struct ValueBeginsUrl<'a> {
    pub(super) span: Span,
    pub(super) type_: &'a Type,
}

impl Finding for ValueBeginsUrl<'_> {
    const SLUG: &'static str = "not-a-url";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("{} begins a URL", with_article(self.type_)))
            .labelled("may hold anything, also no URL")
            .with_help(
                "Declare it as `url`, say `… as url`, which is checked in the run, or write the scheme out: \"https://${…}\".",
            )
    }
}

/// A list, map or record in text.
pub(super) struct TextOfCollection<'a> {
    pub(super) span: Span,
    pub(super) type_: &'a Type,
}

impl Finding for TextOfCollection<'_> {
    const SLUG: &'static str = "interpolation-of-list";

    fn diagnostic(&self) -> Diagnostic {
        let help = match self.type_ {
            Type::List(_) => "Join it: `.join(\", \")`; or write it as JSON: `.to_json()`.",
            Type::Channel => "Give the channel to a `notify` step: `to: …`.",
            _ => "Name a field of it, or write it as JSON: `.to_json()`.",
        };
        Self::at(self.span, format!("{} has no text of its own", with_article(self.type_)))
            .labelled("stands in a text")
            .with_help(help)
    }
}

/// A key that stands twice.
pub(super) struct DuplicateKey<'a> {
    pub(super) key: &'a ast::Key,
    pub(super) first: Span,
}

impl Finding for DuplicateKey<'_> {
    const SLUG: &'static str = "duplicate-key";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.key.span, format!("key `{}` stands twice", self.key.text))
            .labelled("again")
            .with_label(self.first, "first here")
            .with_help("Remove one of them.")
    }
}

/// A field that a record does not have.
pub(super) struct UnknownField<'a> {
    pub(super) name: &'a str,
    pub(super) span: Span,
    pub(super) near: Option<Near<'a>>,
    pub(super) of: &'a Type,
    pub(super) help: Option<String>,
}

impl Finding for UnknownField<'_> {
    const SLUG: &'static str = "unknown-field";

    fn diagnostic(&self) -> Diagnostic {
        let known = match self.of {
            Type::Record(fields) if !fields.is_empty() => {
                let names: Vec<String> = fields.iter().map(|field| format!("`{}`", field.name)).collect();
                format!("It has {}.", names.join(", "))
            }
            _ => "It has no fields.".to_owned(),
        };
        let label = if matches!(self.of, Type::Record(_)) { "not in this record" } else { "not known of it" };
        let help = self.help.clone().unwrap_or_else(|| nearly(self.near, &known));
        let found = Self::at(self.span, format!("there is no field `{}`", self.name)).labelled(label).with_help(help);
        mended(found, self.near, self.span)
    }
}

/// A field that a record literal lacks.
pub(super) struct MissingField<'a> {
    pub(super) name: &'a str,
    pub(super) type_: &'a Type,
    pub(super) span: Span,
}

impl Finding for MissingField<'_> {
    const SLUG: &'static str = "missing-field";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("field `{}` is missing", self.name))
            .labelled(format!("needs `{}: {}`", self.name, self.type_))
            .with_help(format!("Add `{}: …`.", self.name))
    }
}

/// A method that the type does not have.
pub(super) struct UnknownMethod<'a> {
    pub(super) name: &'a str,
    pub(super) span: Span,
    pub(super) near: Option<Near<'a>>,
    pub(super) of: &'a Type,
    pub(super) known: &'a [&'a str],
    /// Whether other languages give it a function.
    pub(super) function: bool,
}

impl Finding for UnknownMethod<'_> {
    const SLUG: &'static str = "unknown-method";

    fn diagnostic(&self) -> Diagnostic {
        let known = self.known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let known = if self.known.is_empty() { "It has no methods.".to_owned() } else { format!("It has {known}.") };
        let found = Self::at(self.span, format!("{} has no method `{}`", with_article(self.of), self.name))
            .labelled("not a method of it");
        if self.function {
            return found.with_help("Go through the list with `[x + 1 for x in list if x > 0]`.");
        }
        let found = found.with_help(nearly(self.near, &known));
        mended(found, self.near, self.span)
    }
}

/// A method without its parentheses.
pub(super) struct MethodNotCalled<'a> {
    pub(super) name: &'a str,
    pub(super) span: Span,
}

impl Finding for MethodNotCalled<'_> {
    const SLUG: &'static str = "method-not-called";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("method `{}` is not called", self.name))
            .labelled("parentheses are missing behind it")
            .with_help(format!("Write `.{}(…)`.", self.name))
            .with_fix("Add the parentheses", self.span.after(), "()")
    }
}

/// `x.length()`
pub(super) struct PropertyCalled<'a> {
    pub(super) name: &'a str,
    pub(super) name_span: Span,
    pub(super) end: Span,
}

impl Finding for PropertyCalled<'_> {
    const SLUG: &'static str = "property-called";

    fn diagnostic(&self) -> Diagnostic {
        let parentheses = self.name_span.after().to(self.end);
        let edit = Edit { span: parentheses, replacement: String::new() };
        Self::at(self.name_span.to(self.end), format!("`{}` takes no parentheses", self.name))
            .labelled("is read, not called")
            .with_help(format!("Write `.{}`.", self.name))
            .with_edits("Remove the parentheses", vec![edit])
    }
}

/// Too many or too few arguments.
pub(super) struct ArgumentCount<'a> {
    pub(super) name: &'a str,
    pub(super) span: Span,
    /// The fewest and the most.
    pub(super) wanted: (usize, usize),
    pub(super) found: usize,
}

impl Finding for ArgumentCount<'_> {
    const SLUG: &'static str = "argument-count";

    fn diagnostic(&self) -> Diagnostic {
        let (fewest, most) = self.wanted;
        let plural = if most == 1 { "" } else { "s" };
        let wanted = if fewest == most { most.to_string() } else { format!("{fewest} or {most}") };
        Self::at(self.span, format!("`{}` takes {wanted} argument{plural}, not {}", self.name, self.found))
            .labelled(format!("{} given", self.found))
            .with_help(format!("Give {wanted} argument{plural}."))
    }
}

/// A function that there is not.
pub(super) struct UnknownFunction<'a> {
    pub(super) name: &'a str,
    pub(super) span: Span,
    pub(super) near: Option<Near<'a>>,
    /// The method that does the same.
    pub(super) method: Option<&'static str>,
}

impl Finding for UnknownFunction<'_> {
    const SLUG: &'static str = "unknown-function";

    fn diagnostic(&self) -> Diagnostic {
        let found = Self::at(self.span, format!("no function is called `{}`", self.name));
        if let Some(method) = self.method {
            return found.labelled("stands behind the value here").with_help(format!("Write `x.{method}`."));
        }
        let found = found.labelled("not known").with_help(nearly(
            self.near,
            "There are env, read, glob, now, uuid, hash, min, max, raw, reveal and the channels; most else is a method: `x.upper()`.",
        ));
        mended(found, self.near, self.span)
    }
}

/// Something without elements is indexed.
pub(super) struct NotIndexable<'a> {
    pub(super) span: Span,
    pub(super) type_: &'a Type,
}

impl Finding for NotIndexable<'_> {
    const SLUG: &'static str = "not-indexable";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("{} has no elements to pick", with_article(self.type_)))
            .labelled("is indexed here")
            .with_help("Lists take a number, maps a key; a record's field stands behind a dot.")
    }
}

/// `as` to a type that the value can never have.
pub(super) struct AsNeverHolds<'a> {
    pub(super) span: Span,
    pub(super) type_: &'a Type,
    pub(super) target: &'a Type,
}

impl Finding for AsNeverHolds<'_> {
    const SLUG: &'static str = "as-never-holds";

    fn diagnostic(&self) -> Diagnostic {
        let help = match (self.type_, self.target) {
            (from, Type::Int) if from.is_text() => "`as` converts nothing; read the text with `.to_int()`.",
            (from, Type::Float) if from.is_text() => "`as` converts nothing; read the text with `.to_float()`.",
            (from, Type::Json) if from.is_text() => "`as` converts nothing; read the text with `.parse_json()`.",
            (_, Type::String) => "`as` converts nothing; put the value into a string: `\"${…}\"`.",
            _ => "`as` converts nothing; it only says which of several types a value has.",
        };
        Self::at(self.span, format!("{} is never {}", with_article(self.type_), with_article(self.target)))
            .labelled("would always fail")
            .with_help(help)
    }
}

/// A path pattern or regular expression that does not parse.
pub(super) struct PatternSyntax<'a> {
    pub(super) span: Span,
    pub(super) what: &'static str,
    pub(super) problem: &'a str,
}

impl Finding for PatternSyntax<'_> {
    const SLUG: &'static str = "pattern-syntax";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("the {} does not parse: {}", self.what, self.problem))
            .labelled("this pattern")
            .with_help("Write the signs that stand for themselves with a backslash before them; a raw string keeps it as it is.")
    }
}

/// A format of `now` that does not parse.
pub(super) struct TimeFormat<'a> {
    pub(super) span: Span,
    pub(super) problem: &'a str,
}

impl Finding for TimeFormat<'_> {
    const SLUG: &'static str = "time-format";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("the time format does not parse: {}", self.problem))
            .labelled("this format")
            .with_help("Use the signs of strftime, such as \"%Y-%m-%d %H:%M\".")
    }
}

/// Operands that an operator does not take.
pub(super) struct OperandsDoNotFit<'a> {
    pub(super) span: Span,
    pub(super) operator: &'a str,
    pub(super) left: Option<&'a Type>,
    pub(super) right: &'a Type,
}

impl Finding for OperandsDoNotFit<'_> {
    const SLUG: &'static str = "operands-do-not-fit";

    fn diagnostic(&self) -> Diagnostic {
        let message = match self.left {
            Some(left) => format!("`{}` does not take {left} and {}", self.operator, self.right),
            None => format!("`{}` does not take {}", self.operator, self.right),
        };
        let text = self.operator == "+" && (self.right.is_text() || self.left.is_some_and(Type::is_text));
        let help = match self.operator {
            "+" if text => "Put the other one into a string: `\"${…}\"`.",
            "matches" => "Both sides are strings; the right one is a regular expression.",
            "in" | "not in" | "contains" => "A list holds elements of its type, a map keys, a string strings.",
            ".." => "Both ends of a range are ints.",
            "and" | "or" => "Both sides are bools.",
            _ => "Arithmetic is defined on numbers, durations and sizes; `+` also joins strings and lists.",
        };
        Self::at(self.span, message).labelled("these do not fit").with_help(help)
    }
}

/// An order on something that has none.
pub(super) struct NoOrder<'a> {
    pub(super) span: Span,
    pub(super) type_: &'a Type,
}

impl Finding for NoOrder<'_> {
    const SLUG: &'static str = "no-order";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("{} is neither greater nor less", with_article(self.type_)))
            .labelled("has no order")
            .with_help("Numbers, durations, sizes and strings have one; compare a part of it, such as `.length`.")
    }
}

/// A comparison that is always the same.
pub(super) struct NeverEqual<'a> {
    pub(super) span: Span,
    pub(super) left: &'a Type,
    pub(super) right: &'a Type,
}

impl Finding for NeverEqual<'_> {
    const SLUG: &'static str = "never-equal";

    fn diagnostic(&self) -> Diagnostic {
        let null = |type_: &Type| *type_ == Type::null();
        let found = Self::at(self.span, format!("{} is never equal to {}", with_article(self.left), with_article(self.right)))
            .labelled("always the same");
        if null(self.left) || null(self.right) {
            return found.with_help("The value is always there; remove the test.");
        }
        found.with_help("Convert one side, such as `\"${…}\"` or `.to_int()`, or compare another value.")
    }
}

/// A secret or channel is compared.
pub(super) struct NotCompared<'a> {
    pub(super) span: Span,
    pub(super) type_: &'a Type,
}

impl Finding for NotCompared<'_> {
    const SLUG: &'static str = "not-compared";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("{} is not compared", with_article(self.type_)))
            .labelled("the outcome would tell something of it")
            .with_help("Compare something that is no secret; `reveal(…)` opts out.")
    }
}

/// `??` behind a value that is always there.
pub(super) struct NeedlessDefault {
    pub(super) span: Span,
    pub(super) left: Span,
    pub(super) right: Span,
}

impl Finding for NeedlessDefault {
    const SLUG: &'static str = "needless-default";
    const STRICTNESS: Strictness = Strictness::WARNING;

    fn diagnostic(&self) -> Diagnostic {
        let edit = Edit { span: self.left.after().to(self.right), replacement: String::new() };
        Self::at(self.span, "the value before `??` is always there")
            .labelled("the default is never used")
            .with_help("Remove `??` and what stands behind it.")
            .with_edits("Remove the default", vec![edit])
    }
}

/// An operation on literals that fails in every run.
pub(super) struct ConstantFails<'a> {
    pub(super) span: Span,
    pub(super) problem: &'a str,
}

impl Finding for ConstantFails<'_> {
    const SLUG: &'static str = "constant-fails";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("this fails in every run: {}", self.problem))
            .labelled("the same in every run")
            .with_help("Write the number that is meant.")
    }
}

/// A constant index that a list does not have.
pub(super) struct IndexOutside {
    pub(super) span: Span,
    pub(super) negative: bool,
    pub(super) length: usize,
}

impl Finding for IndexOutside {
    const SLUG: &'static str = "index-outside";

    fn diagnostic(&self) -> Diagnostic {
        let (message, help) = match (self.negative, self.length) {
            (true, _) => {
                ("an index is never below 0".to_owned(), "`.last` is the last element, `xs[xs.length - 2]` the one before it.")
            }
            (false, 0) => (
                "an empty list has no elements to pick".to_owned(),
                "Put an element into it, or write `.first`, which may be `null`.",
            ),
            (false, length) => {
                (format!("this list ends at index {}", length - 1), "Indexes begin at 0; `.last` is the last element.")
            }
        };
        Self::at(self.span, message).labelled("outside the list").with_help(help)
    }
}
