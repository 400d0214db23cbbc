//! What can be wrong with steps, parameters, triggers and tests.

use super::nearly;
use wf_model::diagnostic::{Diagnostic, Finding, Strictness};
use wf_model::span::Span;
use wf_model::suggest::Near;
use wf_model::types::Type;
use wf_syntax::ast;

/// An attribute that a kind does not have.
pub(crate) struct UnknownAttribute<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    pub(crate) near: Option<Near<'a>>,
    pub(crate) kind: &'a str,
    pub(crate) known: &'a [&'a str],
}

impl Finding for UnknownAttribute<'_> {
    const SLUG: &'static str = "unknown-attribute";

    fn diagnostic(&self) -> Diagnostic {
        let known = self.known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        if let Some(help) = self.near.is_none().then(|| super::said_otherwise(self.name)).flatten() {
            return Self::at(self.span, format!("`{}` has no attribute `{}`", self.kind, self.name))
                .labelled("said in another way here")
                .with_help(help);
        }
        let help = if known.is_empty() { "It takes none.".to_owned() } else { format!("It takes {known}.") };
        nearly(Self::at(self.span, format!("`{}` has no attribute `{}`", self.kind, self.name)), self.near, self.span, &help)
    }
}

/// An attribute that stands twice.
pub(crate) struct AttributeRepeated<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    pub(crate) first: Span,
}

impl Finding for AttributeRepeated<'_> {
    const SLUG: &'static str = "repeated-attribute";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("attribute `{}` stands twice", self.name))
            .labelled("again")
            .with_label(self.first, "first here")
            .with_help("Keep one of them.")
    }
}

/// The main attribute in the header and in the body.
pub(crate) struct MainTwice<'a> {
    pub(crate) name: &'a str,
    pub(crate) literal: Span,
    pub(crate) attribute: Span,
}

impl Finding for MainTwice<'_> {
    const SLUG: &'static str = "main-twice";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.attribute, format!("`{}` is given twice", self.name))
            .labelled("again")
            .with_label(self.literal, "given in the header")
            .with_help(format!("The literal in the header is `{}`; keep one of them.", self.name))
    }
}

/// Two attributes of which a kind takes one.
pub(crate) struct EitherOr<'a> {
    pub(crate) one: (&'a str, Span),
    pub(crate) other: (&'a str, Span),
}

impl Finding for EitherOr<'_> {
    const SLUG: &'static str = "either-or";

    fn diagnostic(&self) -> Diagnostic {
        let (one, other) = (self.one.0, self.other.0);
        Self::at(self.other.1, format!("`{other}` does not go together with `{one}`"))
            .labelled("the other one")
            .with_label(self.one.1, "one of them")
            .with_help("Keep one; a second step can do the other.")
    }
}

/// A literal in the header of something that takes none.
pub(crate) struct LiteralNotTaken<'a> {
    pub(crate) kind: &'a str,
    pub(crate) span: Span,
    pub(crate) of_workflow: bool,
}

impl Finding for LiteralNotTaken<'_> {
    const SLUG: &'static str = "literal-not-taken";

    fn diagnostic(&self) -> Diagnostic {
        let help = if self.of_workflow {
            "Give its parameters by name in the body: `{ region: \"eu\" }`."
        } else {
            "Give its attributes by name in the body."
        };
        Self::at(self.span, format!("`{}` takes no literal", self.kind)).labelled("has no place").with_help(help)
    }
}

/// `->` behind something that decodes nothing.
pub(crate) struct DecodeNotTaken<'a> {
    pub(crate) kind: &'a str,
    pub(crate) span: Span,
    pub(crate) of_workflow: bool,
    /// The attribute that takes what there would be to decode.
    pub(crate) beside: Option<(&'a str, Span)>,
}

impl Finding for DecodeNotTaken<'_> {
    const SLUG: &'static str = "decode-not-taken";

    fn diagnostic(&self) -> Diagnostic {
        if let Some((attribute, place)) = self.beside {
            return Self::at(self.span, format!("`{}` with `{attribute}` takes no `->`", self.kind))
                .labelled("there is no text to read")
                .with_label(place, "takes what there would be")
                .with_help(format!("Leave out `->`, or `{attribute}`."));
        }
        let help = if self.of_workflow {
            "Its outputs are typed where they are declared; they are fields of the step's name."
        } else {
            "Leave `->` out, and use the fields of its result."
        };
        Self::at(self.span, format!("`{}` takes no `->`", self.kind)).labelled("there is no text to read").with_help(help)
    }
}

/// An attribute without another that it asks for.
pub(crate) struct AsksFor<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    pub(crate) wanted: &'a str,
    /// A sentence.
    pub(crate) why: &'a str,
}

impl Finding for AsksFor<'_> {
    const SLUG: &'static str = "attribute-asks-for";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("`{}` asks for `{}` beside it", self.name, self.wanted))
            .labelled(format!("stands without `{}`", self.wanted))
            .with_help(self.why)
    }
}

/// A URL of a scheme that its attribute does not take.
pub(crate) struct UrlScheme<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    pub(crate) scheme: &'a str,
    pub(crate) schemes: &'a [&'a str],
}

impl Finding for UrlScheme<'_> {
    const SLUG: &'static str = "url-scheme";

    fn diagnostic(&self) -> Diagnostic {
        let schemes = self.schemes.iter().map(|scheme| format!("`{scheme}:`")).collect::<Vec<_>>().join(" or ");
        Self::at(self.span, format!("`{}` takes no URL of `{}:`", self.name, self.scheme))
            .labelled(format!("begins with `{}:`", self.scheme))
            .with_help(format!("Give it a URL that begins with {schemes}."))
    }
}

/// An attribute that has to be given.
pub(crate) struct MissingAttribute<'a> {
    pub(crate) names: &'a [&'a str],
    pub(crate) kind: &'a str,
    pub(crate) span: Span,
    pub(crate) main: bool,
}

impl Finding for MissingAttribute<'_> {
    const SLUG: &'static str = "missing-attribute";

    fn diagnostic(&self) -> Diagnostic {
        let names = self.names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
        let first = self.names.first().copied().unwrap_or("");
        let help = if self.main {
            let literal = if first == "duration" { "5s" } else { "\"…\"" };
            format!("Write it behind the kind, `{} {literal}`, or as `{first}: …` in the body.", self.kind)
        } else {
            format!("Add {} to its body.", self.names.iter().map(|name| format!("`{name}: …`")).collect::<Vec<_>>().join(" or "))
        };
        Self::at(self.span, format!("`{}` needs {names}", self.kind)).labelled("not given").with_help(help)
    }
}

/// A setting that there is not.
pub(crate) struct UnknownSetting<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    pub(crate) near: Option<Near<'a>>,
}

impl Finding for UnknownSetting<'_> {
    const SLUG: &'static str = "unknown-setting";

    fn diagnostic(&self) -> Diagnostic {
        if let Some(help) = self.near.is_none().then(|| super::said_otherwise(self.name)).flatten() {
            return Self::at(self.span, format!("a workflow has no setting `{}`", self.name))
                .labelled("said in another way here")
                .with_help(help);
        }
        nearly(
            Self::at(self.span, format!("a workflow has no setting `{}`", self.name)),
            self.near,
            self.span,
            "Settings are `env`, `cwd` and `shell`; a value is declared with `let`.",
        )
    }
}

/// A setting that stands twice.
pub(crate) struct SettingRepeated<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    pub(crate) first: Span,
}

impl Finding for SettingRepeated<'_> {
    const SLUG: &'static str = "repeated-setting";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("setting `{}` stands twice", self.name))
            .labelled("again")
            .with_label(self.first, "first here")
            .with_help("Keep one of them.")
    }
}

/// A parameter whose type nothing tells.
pub(crate) struct AmbiguousDefault<'a> {
    pub(crate) name: &'a ast::Name,
    pub(crate) span: Span,
    pub(crate) type_: Option<&'a Type>,
}

impl Finding for AmbiguousDefault<'_> {
    const SLUG: &'static str = "ambiguous-default";

    fn diagnostic(&self) -> Diagnostic {
        let name = &self.name.text;
        let found = Self::at(self.span, format!("the type of parameter `{name}` is not known"));
        match self.type_ {
            Some(Type::Optional(_)) => {
                found.labelled("may be of any type").with_help(format!("Write it: `param {name}: string?`."))
            }
            Some(_) => found.labelled("may hold anything").with_help(format!("Write it: `param {name}: [string] = …`.")),
            None => found.labelled("neither a type nor a default").with_help(format!("Write it: `param {name}: string`.")),
        }
    }
}

/// A default that its own condition forbids.
pub(crate) struct DefaultBreaksConstraint<'a> {
    pub(crate) name: &'a str,
    pub(crate) default: Span,
    pub(crate) constraint: Span,
}

impl Finding for DefaultBreaksConstraint<'_> {
    const SLUG: &'static str = "default-breaks-constraint";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.default, format!("the default of parameter `{}` is not allowed", self.name))
            .labelled("does not fit")
            .with_label(self.constraint, "this does not hold for it")
            .with_help("Change the default or the condition; every run without this parameter would be refused.")
    }
}

/// A text that has to be known before anything runs.
pub(crate) struct InterpolatedSource {
    pub(crate) span: Span,
}

impl Finding for InterpolatedSource {
    const SLUG: &'static str = "text-not-constant";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "this text has to be known before anything runs")
            .labelled("holds a value of the run")
            .with_help("Write the text out in quotes.")
    }
}

/// A race whose winner has no name.
pub(crate) struct RaceBranchWithoutName<'a> {
    pub(crate) race: &'a str,
    pub(crate) span: Span,
}

impl Finding for RaceBranchWithoutName<'_> {
    const SLUG: &'static str = "race-branch-without-name";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("a branch of race `{}` has no name", self.race))
            .labelled("could win, and nobody could say who")
            .with_help(format!("Put a name before it: `NAME: …`; `{}.winner` is one of the names.", self.race))
    }
}

/// A bound that lets nothing run.
pub(crate) struct ZeroOfThem {
    pub(crate) span: Span,
}

impl Finding for ZeroOfThem {
    const SLUG: &'static str = "zero-at-a-time";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "this bound lets nothing run")
            .labelled("less than 1")
            .with_help("Write how many may run, at least 1.")
    }
}

/// A duration or number of attempts that is less than nothing.
pub(crate) struct BelowZero {
    pub(crate) span: Span,
}

impl Finding for BelowZero {
    const SLUG: &'static str = "below-zero";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "this is less than nothing")
            .labelled("less than 0")
            .with_help("Write how long or how often, at least 0; leave the clause out where there is no bound.")
    }
}

/// A value in the code of another interpreter.
pub(crate) struct InterpolationInProgram {
    pub(crate) span: Span,
}

impl Finding for InterpolationInProgram {
    const SLUG: &'static str = "interpolation-in-program";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "a value would become code")
            .labelled("read by the interpreter as a part of the program")
            .with_help("Pass it as a variable: `inputs: { name: value }`; in the code it is `name`.")
    }
}

/// Code that is no text in quotes, so that nobody can tell values in it from what was written.
pub(crate) struct ComputedCode<'a> {
    pub(crate) attribute: &'a str,
    pub(crate) span: Span,
}

impl Finding for ComputedCode<'_> {
    const SLUG: &'static str = "computed-code";

    fn diagnostic(&self) -> Diagnostic {
        let name = self.attribute;
        Self::at(self.span, format!("attribute `{name}` is code that is put together elsewhere"))
            .labelled("every value in it would be run")
            .with_help(format!(
                "Write the text here, `{name}: \"… ${{name}} …\"`, or `raw(…)` around what may be code as a whole."
            ))
    }
}

/// A sort of trigger that there is not.
pub(crate) struct UnknownTrigger<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    pub(crate) near: Option<Near<'a>>,
}

impl Finding for UnknownTrigger<'_> {
    const SLUG: &'static str = "unknown-trigger";

    fn diagnostic(&self) -> Diagnostic {
        nearly(
            Self::at(self.span, format!("no trigger is called `{}`", self.name)),
            self.near,
            self.span,
            "There are `schedule`, `change` and `webhook`.",
        )
    }
}

/// An option that a trigger does not have.
pub(crate) struct TriggerOptionUnknown<'a> {
    pub(crate) option: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) span: Span,
}

impl Finding for TriggerOptionUnknown<'_> {
    const SLUG: &'static str = "trigger-option";

    fn diagnostic(&self) -> Diagnostic {
        let option = match self.option {
            "catch" => "catch up",
            "signed" => "signed by",
            option => option,
        };
        Self::at(self.span, format!("a {} trigger has no `{option}`", self.kind))
            .labelled("belongs to another sort of trigger")
            .with_help(
                "`timezone`, `overlap` and `catch up` belong to `schedule`, `settle` to `change`, `signed by` to `webhook`.",
            )
    }
}

/// A word that an option does not know.
pub(crate) struct TriggerWord<'a> {
    pub(crate) span: Span,
    pub(crate) words: &'a [&'a str],
}

impl Finding for TriggerWord<'_> {
    const SLUG: &'static str = "trigger-word";

    fn diagnostic(&self) -> Diagnostic {
        let words = self.words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        Self::at(self.span, "this option does not know the word")
            .labelled("not one of its words")
            .with_help(format!("Write one of {words}."))
    }
}

/// What a trigger or test gives to a workflow does not fit.
pub(crate) struct TriggerArgument<'a> {
    pub(crate) span: Span,
    pub(crate) problem: &'a str,
}

impl Finding for TriggerArgument<'_> {
    const SLUG: &'static str = "workflow-argument";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, self.problem)
            .labelled("does not fit the workflow's parameters")
            .with_help("Give the parameters by name: `with { env: \"staging\" }`.")
    }
}

/// A cron line that does not parse.
pub(crate) struct BadSchedule<'a> {
    pub(crate) span: Span,
    pub(crate) problem: &'a str,
}

impl Finding for BadSchedule<'_> {
    const SLUG: &'static str = "cron-syntax";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("the cron line does not parse: {}", self.problem))
            .labelled("minute, hour, day, month, weekday")
            .with_help("Write five fields, such as \"0 2 * * 1-5\": at 02:00 on weekdays; a step is written `*/15`.")
    }
}

/// A time zone that there is not.
pub(crate) struct UnknownTimezone<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
}

impl Finding for UnknownTimezone<'_> {
    const SLUG: &'static str = "unknown-timezone";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("no time zone is called {:?}", self.name))
            .labelled("not in the time zone database")
            .with_help("Write its IANA name, such as \"Europe/Berlin\" or \"UTC\".")
    }
}

/// A path pattern that does not parse.
pub(crate) struct PatternProblem<'a> {
    pub(crate) span: Span,
    pub(crate) problem: &'a str,
}

impl Finding for PatternProblem<'_> {
    const SLUG: &'static str = "change-pattern";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("the path pattern does not parse: {}", self.problem))
            .labelled("this pattern")
            .with_help("`*` stands for a name, `**` for any folders, `{a,b}` for either.")
    }
}

/// A webhook that anybody can call.
pub(crate) struct WebhookUnsigned {
    pub(crate) span: Span,
    pub(crate) subject: Span,
}

impl Finding for WebhookUnsigned {
    const SLUG: &'static str = "webhook-unsigned";
    const STRICTNESS: Strictness = Strictness::WARNING_THEN_ERROR;

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "anybody who knows the address can start this workflow")
            .labelled("calls are not signed")
            .with_help("Declare a secret and add `signed by NAME` behind the path.")
            .with_fix("Add `signed by hook_secret`", self.subject.after(), " signed by hook_secret")
    }
}

/// A test without its `run`.
pub(crate) struct TestRunMissing {
    pub(crate) span: Span,
}

impl Finding for TestRunMissing {
    const SLUG: &'static str = "test-without-run";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "the test runs nothing").labelled("has no `run`").with_help("Add `run WORKFLOW with { … }` to it.")
    }
}

/// A test of a workflow that there is not.
pub(crate) struct TestWorkflowUnknown<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    pub(crate) near: Option<Near<'a>>,
}

impl Finding for TestWorkflowUnknown<'_> {
    const SLUG: &'static str = "unknown-workflow";

    fn diagnostic(&self) -> Diagnostic {
        nearly(
            Self::at(self.span, format!("no workflow is called `{}`", self.name)),
            self.near,
            self.span,
            "Name a workflow of this file, or one that it imports by name.",
        )
    }
}

/// A path of a test that begins with a step or block and goes on wrongly, or a mock of a step that there is not.
pub(crate) struct UnknownMock<'a> {
    pub(crate) span: Span,
    pub(crate) near: Option<Near<'a>>,
}

impl Finding for UnknownMock<'_> {
    const SLUG: &'static str = "unknown-mock";

    fn diagnostic(&self) -> Diagnostic {
        nearly(
            Self::at(self.span, "the workflow has no such step"),
            self.near,
            self.span,
            "Name a step by its path, such as `ship.health[1]`, or a call that looks outside, such as `glob(\"…\")`.",
        )
    }
}

/// A step's path in a test whose numbers do not fit the loops around the step.
pub(crate) struct StepPath {
    span: Span,
    message: &'static str,
    label: String,
    help: String,
}

impl StepPath {
    /// `ship[0].health`
    pub(crate) fn number_inside(span: Span, path: &str) -> Self {
        let help = format!("Write the numbers of all loops at the end: `{path}[0]`.");
        Self { span, message: "a number stands inside a step's path", label: "stands too early".to_owned(), help }
    }

    /// `build[0]`, where no loop is around `build`
    pub(crate) fn number_too_many(span: Span, loops: usize) -> Self {
        let label = match loops {
            0 => "no loop stands around this step".to_owned(),
            1 => "one loop stands around this step".to_owned(),
            _ => format!("{loops} loops stand around this step"),
        };
        Self { span, message: "a step's path has more numbers than loops", label, help: "Leave the number out.".to_owned() }
    }

    /// `ship.health[i]`
    pub(crate) fn number_calculated(span: Span) -> Self {
        let help = "Write the number out: `[0]` is the first iteration.".to_owned();
        Self { span, message: "the iteration of a step is a plain number", label: "this is calculated".to_owned(), help }
    }

    /// `ship.health`
    pub(crate) fn number_missing(span: Span, path: &str) -> Self {
        let help = format!("Name one iteration, counted from 0 for each loop: `{path}[0]`.");
        Self { span, message: "a step of a loop runs once in each iteration", label: "which one is meant?".to_owned(), help }
    }

    /// `mock ship …`, where `ship` is a loop
    pub(crate) fn block(span: Span) -> Self {
        let help = "Name the steps in it one by one, such as `ship.health[1]`.".to_owned();
        Self { span, message: "a mock stands for a step, not for a block", label: "this is a block".to_owned(), help }
    }
}

impl Finding for StepPath {
    const SLUG: &'static str = "step-path";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, self.message).labelled(self.label.clone()).with_help(self.help.clone())
    }
}
