//! What can be wrong with an expression, a string or a name.

use wf_model::diagnostic::{Diagnostic, Edit, Finding};
use wf_model::span::Span;

/// A head that its rule does not read.
pub(super) struct SyntaxError {
    pub(super) span: Span,
    /// What could stand there.
    pub(super) expected: Option<String>,
    /// What stands there; `None` at the end.
    pub(super) found: Option<String>,
    /// An example of the whole.
    pub(super) form: Option<&'static str>,
}

impl Finding for SyntaxError {
    const SLUG: &'static str = "syntax-error";

    fn diagnostic(&self) -> Diagnostic {
        let message = match &self.found {
            Some(found) => format!("`{found}` does not fit here"),
            None => "the statement ends too early".to_owned(),
        };
        let found = Self::at(self.span, message);
        let form = self.form.map(|form| format!("\nIt is written like this: `{form}`.")).unwrap_or_default();
        match &self.expected {
            Some(expected) => found
                .labelled(format!("expected {expected}"))
                .with_help(format!("Write {expected} here, or see whether something before it is missing a sign.{form}")),
            None if self.found.is_none() => found
                .labelled("something is missing here")
                .with_help(format!("Say what belongs here, or remove what it belongs to.{form}")),
            None => found.labelled("nothing fits from here on").with_help(format!(
                "Look at the sign before it: an operator, a comma or a bracket may be missing or too many.{form}"
            )),
        }
    }
}

/// What another language writes where a head cannot be read.
pub(super) struct SaidElsewhere<'a> {
    pub(super) span: Span,
    pub(super) written: &'static str,
    pub(super) help: &'a str,
    /// What surely mends it in the place of `written`.
    pub(super) right: Option<&'static str>,
}

impl Finding for SaidElsewhere<'_> {
    const SLUG: &'static str = "syntax-error";

    fn diagnostic(&self) -> Diagnostic {
        let found = Self::at(self.span, format!("`{}` does not fit here", self.written))
            .labelled("said in another way here")
            .with_help(self.help);
        match self.right {
            Some(right) => found.with_fix(format!("Write `{right}`"), self.span, right),
            None => found,
        }
    }
}

/// What another language writes where nothing has to stand: `if ready then {`.
pub(super) struct NeedlessSign {
    pub(super) span: Span,
    pub(super) written: &'static str,
}

impl Finding for NeedlessSign {
    const SLUG: &'static str = "syntax-error";

    fn diagnostic(&self) -> Diagnostic {
        let written = self.written;
        Self::at(self.span, format!("`{written}` does not fit here"))
            .labelled("nothing stands here")
            .with_help(format!("Remove `{written}`: the braces of the body show where it begins and ends."))
            .with_fix("Remove it", self.span, "")
    }
}

/// Text as it stands, control characters written out.
pub(super) fn visible(text: &str) -> String {
    let shown = |c: char| if c.is_control() { c.escape_debug().to_string() } else { c.to_string() };
    text.chars().map(shown).collect()
}

/// pest's limit of calls was reached.
pub(super) struct TooComplicated {
    pub(super) span: Span,
}

impl Finding for TooComplicated {
    const SLUG: &'static str = "too-complicated";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "the statement is too long to be read")
            .labelled("this one")
            .with_help("Put parts of it into `let` statements.")
    }
}

/// Brackets, expressions or types too far inside each other.
pub(crate) struct NestedTooDeep {
    pub(crate) span: Span,
    /// What nests, as a plural.
    pub(crate) what: &'static str,
    /// How deep it may.
    pub(crate) deepest: usize,
}

impl Finding for NestedTooDeep {
    const SLUG: &'static str = "nesting-too-deep";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("{} nest deeper than {} levels", self.what, self.deepest))
            .labelled("too deep from here on")
            .with_help("Put an inner part into a `let`, or into a workflow of its own.")
    }
}

/// More operators in a row than a tree should be deep.
pub(super) struct TooManyOperators {
    pub(super) span: Span,
}

impl Finding for TooManyOperators {
    const SLUG: &'static str = "too-many-operators";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("an expression has more than {} operators in a row", super::MOST_OPERATORS))
            .labelled("this one")
            .with_help("Put parts of it into `let` statements, or the operands into a list: `[a, b, …].sum()`, `.join(\"\")`.")
    }
}

/// `a < b < c`
pub(super) struct ChainedComparison {
    pub(super) span: Span,
    pub(super) second: Span,
}

impl Finding for ChainedComparison {
    const SLUG: &'static str = "chained-comparison";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "comparisons stand in a row")
            .labelled("compares the outcome of a comparison")
            .with_label(self.second, "the second one")
            .with_help("Join them with `and`: `1 < n and n < 9`.")
    }
}

/// `a ?? b + c`
pub(super) struct MixedDefault {
    pub(super) span: Span,
    /// The part that needs parentheses.
    pub(super) default: Span,
}

impl Finding for MixedDefault {
    const SLUG: &'static str = "mixed-default";

    fn diagnostic(&self) -> Diagnostic {
        let edits = [(self.default.before(), "("), (self.default.after(), ")")];
        let edits = edits.map(|(span, sign)| Edit { span, replacement: sign.to_owned() });
        Self::at(self.span, "`??` stands beside another operator")
            .labelled("readers take this in two ways")
            .with_label(self.default, "binds first")
            .with_help("Put parentheses around the part that belongs together.")
            .with_edits("Add the parentheses that it has now", edits.to_vec())
    }
}

/// `&&`, `||`, `!`, `=`, `===`
pub(super) struct ForeignOperator<'a> {
    pub(super) span: Span,
    pub(super) written: &'a str,
    pub(super) right: &'static str,
}

impl Finding for ForeignOperator<'_> {
    const SLUG: &'static str = "foreign-operator";

    fn diagnostic(&self) -> Diagnostic {
        let (written, right) = (self.written, self.right.trim_end());
        Self::at(self.span, format!("`{written}` is no operator here"))
            .labelled(format!("`{right}` means this"))
            .with_help(format!("Write `{right}` instead of `{written}`."))
            .with_fix(format!("Write `{right}`"), self.span, self.right)
    }
}

/// `1.5h`, `5min`, `1e6`
pub(super) struct NumberForm<'a> {
    pub(super) span: Span,
    pub(super) written: &'a str,
    pub(super) right: Option<String>,
}

impl Finding for NumberForm<'_> {
    const SLUG: &'static str = "number-form";

    fn diagnostic(&self) -> Diagnostic {
        let found = Self::at(self.span, format!("`{}` is no number", self.written));
        match &self.right {
            Some(right) => found.labelled(format!("means `{right}`")).with_help(format!("Write `{right}`.")).with_fix(
                format!("Write `{right}`"),
                self.span,
                right.clone(),
            ),
            None => found.labelled("no number, duration or size").with_help(
                "Write digits (`1_000`, `0.5`, `80%`), a duration (`250ms`, `1h30m`) or a size (`64MB`); text stands in quotes.",
            ),
        }
    }
}

/// A number that has no room in 64 bits.
pub(super) struct NumberTooLarge<'a> {
    pub(super) span: Span,
    pub(super) written: &'a str,
}

impl Finding for NumberTooLarge<'_> {
    const SLUG: &'static str = "number-too-large";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("`{}` is too large", self.written))
            .labelled("more than 64 bits hold")
            .with_help(format!("The largest integer is {}; identifiers made of digits are better strings.", i64::MAX))
    }
}

/// `\q`
pub(super) struct UnknownEscape<'a> {
    pub(super) span: Span,
    pub(super) written: &'a str,
}

impl Finding for UnknownEscape<'_> {
    const SLUG: &'static str = "unknown-escape";

    fn diagnostic(&self) -> Diagnostic {
        let found = Self::at(self.span, format!("`{}` is no escape", visible(self.written)))
            .labelled("stands for nothing")
            .with_help("Known are \\n \\t \\r \\\\ \\\" \\$ and \\u{1F600}; write \\\\ for a backslash, or use a raw string in single quotes.");
        if self.written.starts_with("\\u") {
            return found;
        }
        found.with_fix("Write the backslash as `\\\\`", self.span.before(), "\\")
    }
}

/// `${HOME}`
pub(super) struct ShellExpansion<'a> {
    pub(super) span: Span,
    pub(super) inside: &'a str,
}

impl Finding for ShellExpansion<'_> {
    const SLUG: &'static str = "shell-expansion";

    fn diagnostic(&self) -> Diagnostic {
        let name = self.inside;
        let plain =
            name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit());
        let help = if plain {
            format!(
                "For the shell's variable write `${name}` without braces, or `\\${{{name}}}`; `env(\"{name}\")` reads it here."
            )
        } else {
            let value = super::expansion::value_of(name).map(|value| format!("; of a value here write `${{{value}}}`"));
            let value = value.unwrap_or_else(|| ", or use a raw string in single quotes".to_owned());
            format!("For the shell's own expansion write `\\${{{name}}}`{value}.")
        };
        Self::at(self.span, format!("`${{{}}}` is the shell's, not an expression", self.inside))
            .labelled("`${…}` puts a value of the workflow in")
            .with_help(help)
            .with_fix("Leave it to the shell", self.span.before(), "\\")
    }
}

/// A value in a string that has to be known as it stands.
pub(super) struct InterpolationNotHere {
    pub(super) span: Span,
}

impl Finding for InterpolationNotHere {
    const SLUG: &'static str = "interpolation-not-here";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "no value can stand in this text")
            .labelled("is known only in a run")
            .with_help("Write the text out: it has to be known before anything runs.")
    }
}

/// `let then = …`
pub(super) struct ReservedWord<'a> {
    pub(super) span: Span,
    pub(super) written: &'a str,
}

impl Finding for ReservedWord<'_> {
    const SLUG: &'static str = "reserved-name";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("`{}` cannot be a name", self.written))
            .labelled("belongs to expressions")
            .with_help("Choose another name; `true false null and or not in as if then else` are taken.")
    }
}

/// `names [0]`, `hash ("a")`
pub(super) struct LooseBracket {
    pub(super) span: Span,
    pub(super) call: bool,
}

impl Finding for LooseBracket {
    const SLUG: &'static str = "loose-bracket";

    fn diagnostic(&self) -> Diagnostic {
        let (bracket, of) = if self.call { ("(", "a call") } else { ("[", "an index") };
        Self::at(self.span, format!("the `{bracket}` of {of} stands apart"))
            .labelled("touches what stands before it")
            .with_help("Remove the blank before it, or put a comma there where it begins an element of its own.")
    }
}

/// `my-step`
pub(super) struct HyphenatedName<'a> {
    pub(super) span: Span,
    pub(super) written: &'a str,
    pub(super) right: &'a str,
    /// Whether it stands where a name is used.
    pub(super) used: bool,
}

impl Finding for HyphenatedName<'_> {
    const SLUG: &'static str = "hyphenated-name";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("name `{}` has a hyphen", self.written))
            .labelled(if self.used { "names are written with `_`" } else { "reads as a subtraction where it is used" })
            .with_help(format!("Call it `{}`.", self.right))
            .with_fix(format!("Call it `{}`", self.right), self.span, self.right)
    }
}

/// `MyStep`, `_step`
pub(super) struct NameForm<'a> {
    pub(super) span: Span,
    pub(super) written: &'a str,
    pub(super) right: &'a str,
    pub(super) what: &'static str,
    pub(super) rule: &'static str,
}

impl Finding for NameForm<'_> {
    const SLUG: &'static str = "name-form";

    fn diagnostic(&self) -> Diagnostic {
        let found = Self::at(self.span, format!("{} `{}` is not written like one", self.what, self.written))
            .labelled(format!("a {} is {}", self.what, self.rule));
        if self.right.is_empty() {
            return found.with_help("Give it a name that begins with a letter.");
        }
        found.with_help(format!("Call it `{}`, here and where it is used.", self.right))
    }
}

/// `string | int`
pub(super) struct UnionOfTypes {
    pub(super) span: Span,
    pub(super) member: Span,
}

impl Finding for UnionOfTypes {
    const SLUG: &'static str = "union-of-types";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "a union holds strings only")
            .labelled("this union")
            .with_label(self.member, "not a string in quotes")
            .with_help(
                "List the strings it may be, such as `\"a\" | \"b\"`; a value that may be missing is `T?`, any JSON is `json`.",
            )
    }
}
