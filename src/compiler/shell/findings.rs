//! The findings about shell text.

use super::interpreter::Interpreter;
use wf_model::diagnostic::{Diagnostic, Edit, Finding, Strictness};
use wf_model::span::Span;

/// How a value is written, for the examples in messages.
#[derive(Debug)]
pub(super) struct Written {
    /// A name that a variable for it may have.
    pub(super) name: String,
    /// The whole interpolation.
    pub(super) value: String,
}

impl Written {
    fn fill(&self, template: &str) -> String {
        template.replace("{name}", &self.name).replace("{value}", &self.value)
    }
}

/// Quotes in which the shell replaces nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShellQuotes {
    /// `'…'`
    Single,
    /// `$'…'`
    Dollar,
    /// `<<'END'`
    HereDocument,
}

/// A value stands where the shell replaces nothing.
#[derive(Debug)]
pub(super) struct InterpolationInQuotes {
    pub(super) span: Span,
    pub(super) quotes: ShellQuotes,
    /// Whether closing the quotes around the value surely mends it.
    pub(super) closable: bool,
    /// The quotes, where nothing but the value stands in them.
    pub(super) around: Option<(Span, Span)>,
}

impl Finding for InterpolationInQuotes {
    const SLUG: &'static str = "interpolation-in-quotes";

    fn diagnostic(&self) -> Diagnostic {
        let (what, help) = match self.quotes {
            ShellQuotes::Single => (
                "single quotes",
                "Close the quotes around it, `'… '${…}' …'`, or use double quotes; a value is one word either way.",
            ),
            ShellQuotes::Dollar => ("`$'…'`", "Close the quotes around it: `$'… '${…}$' …'`."),
            ShellQuotes::HereDocument => {
                ("a quoted here-document", "Write the delimiter without quotes, and `\\` before what the shell would replace.")
            }
        };
        let found = Self::at(self.span, format!("a value stands in {what} of the shell"))
            .labelled("the shell replaces nothing here")
            .with_help(help);
        match (self.around, self.closable) {
            (Some((before, after)), true) => {
                let edits = [before, after].map(|span| Edit { span, replacement: String::new() });
                found.with_edits("Remove the quotes", edits.into())
            }
            (None, true) => {
                let reopened = if self.quotes == ShellQuotes::Dollar { "$'" } else { "'" };
                let edits = [(self.span.before(), "'"), (self.span.after(), reopened)];
                let edits = edits.map(|(span, text)| Edit { span, replacement: text.to_owned() });
                found.with_edits("Close the quotes around the value", edits.into())
            }
            (_, false) => found,
        }
    }
}

/// What reads a value as code.
#[derive(Debug)]
pub(super) enum CodeReader {
    /// A program reads an argument.
    Argument(&'static Interpreter),
    /// A program reads its standard input.
    Input(&'static Interpreter),
    /// The arithmetic of the shell.
    Arithmetic,
}

/// A value stands where something reads it as code.
#[derive(Debug)]
pub(super) struct InterpolationInCode {
    pub(super) span: Span,
    pub(super) reader: CodeReader,
    pub(super) written: Written,
}

impl Finding for InterpolationInCode {
    const SLUG: &'static str = "interpolation-in-code";

    fn diagnostic(&self) -> Diagnostic {
        let (message, label, help) = match self.reader {
            CodeReader::Argument(interpreter) => {
                let name = interpreter.name();
                (
                    format!("a value stands in code that `{name}` reads"),
                    format!("`{name}` would run what it holds"),
                    interpreter.help,
                )
            }
            CodeReader::Input(interpreter) => {
                let name = interpreter.name();
                let label = format!("`{name}` would run what it holds");
                (format!("a value stands in a program on the standard input of `{name}`"), label, interpreter.help)
            }
            CodeReader::Arithmetic => {
                let label = "the shell would evaluate what it holds".to_owned();
                let help =
                    "Compute in the interpolation, such as `${count + 1}`, and compare texts with `=` or numbers with `[ … ]`.";
                ("a value stands in arithmetic of the shell".to_owned(), label, help)
            }
        };
        Self::at(self.span, message).labelled(label).with_help(self.written.fill(help))
    }
}

/// A variable of the shell takes a value to where it becomes code.
#[derive(Debug)]
pub(super) struct InterpolationCarried<'a> {
    pub(super) span: Span,
    pub(super) variable: &'a str,
    /// Where the variable is used.
    pub(super) used: Span,
    pub(super) reader: CodeReader,
}

impl Finding for InterpolationCarried<'_> {
    const SLUG: &'static str = "interpolation-carried";

    fn diagnostic(&self) -> Diagnostic {
        let variable = self.variable;
        let (what, label, help) = match self.reader {
            CodeReader::Argument(interpreter) | CodeReader::Input(interpreter) => {
                let name = interpreter.name();
                (format!("code that `{name}` reads"), format!("`{name}` would run what `{variable}` holds"), interpreter.help)
            }
            CodeReader::Arithmetic => (
                "arithmetic of the shell".to_owned(),
                format!("bash would evaluate what `{variable}` holds, also a command in it"),
                "Give the value the type `int`, or compute in the interpolation, such as `${count + 1}`.",
            ),
        };
        let written = Written { name: variable.to_owned(), value: format!("\"${variable}\"") };
        Self::at(self.span, format!("variable `{variable}` takes a value to {what}"))
            .labelled("the value")
            .with_label(self.used, label)
            .with_help(written.fill(help))
    }
}

/// A value stands in a comment.
#[derive(Debug)]
pub(super) struct InterpolationInComment {
    pub(super) span: Span,
}

impl Finding for InterpolationInComment {
    const SLUG: &'static str = "interpolation-in-comment";
    const STRICTNESS: Strictness = Strictness::WARNING;

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "a value stands in a comment of the shell")
            .labelled("nothing reads it")
            .with_help("Remove it from the comment, or write `$name` without braces to mention it.")
    }
}

/// A value stands in a place of the shell's own syntax.
#[derive(Debug)]
pub(super) struct InterpolationInPattern {
    pub(super) span: Span,
}

impl Finding for InterpolationInPattern {
    const SLUG: &'static str = "interpolation-in-pattern";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "a value stands in a regular expression of the shell")
            .labelled("behind `=~` the shell would read it as text or as a pattern, depending on its version")
            .with_help("Match in the workflow, `when text matches 'pattern'`, or compare with `==`, which takes a value as text.")
    }
}

/// A value stands in the delimiter of a here-document.
#[derive(Debug)]
pub(super) struct InterpolationInDelimiter {
    pub(super) span: Span,
}

impl Finding for InterpolationInDelimiter {
    const SLUG: &'static str = "interpolation-in-delimiter";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "a value stands in the delimiter of a here-document")
            .labelled("the shell replaces nothing in the word behind `<<`")
            .with_help("Write a fixed word such as `END`; to pass the value itself, use `<<< ${…}` or `printf %s ${…} |`.")
    }
}

/// A value stands between backticks.
#[derive(Debug)]
pub(super) struct InterpolationInBackticks {
    pub(super) span: Span,
}

impl Finding for InterpolationInBackticks {
    const SLUG: &'static str = "interpolation-in-backticks";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "a value stands between backticks")
            .labelled("quotes mean something else here")
            .with_help("Write `$(…)` instead of the backticks.")
    }
}

/// A value stands in an expansion of the shell.
#[derive(Debug)]
pub(super) struct InterpolationInExpansion {
    pub(super) span: Span,
    pub(super) written: Written,
}

impl Finding for InterpolationInExpansion {
    const SLUG: &'static str = "interpolation-in-expansion";

    fn diagnostic(&self) -> Diagnostic {
        let help = "Decide in the interpolation, such as `${a ?? b}`, or set a variable first: `{name}={value}`.";
        Self::at(self.span, "a value stands in an expansion of the shell")
            .labelled("the shell would read it as a name, a pattern or several words")
            .with_help(self.written.fill(help))
    }
}

/// A value stands where the shell reads the name of a variable.
#[derive(Debug)]
pub(super) struct InterpolationInName {
    pub(super) span: Span,
}

impl Finding for InterpolationInName {
    const SLUG: &'static str = "interpolation-in-name";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "a value stands for the name of a variable")
            .labelled("the shell takes only a fixed name here")
            .with_help("Write a fixed name, or set the variable for the step with `env: { NAME: value }`.")
    }
}

/// A value stands behind a `$` or `\` that would change what it is.
#[derive(Debug)]
pub(super) struct InterpolationEscaped {
    pub(super) span: Span,
    pub(super) sign: char,
}

impl Finding for InterpolationEscaped {
    const SLUG: &'static str = "interpolation-escaped";

    fn diagnostic(&self) -> Diagnostic {
        let sign = self.sign;
        let help = match sign {
            '$' => "Remove the `$`; where it is text, put it into single quotes of its own: `'$'${…}`.",
            _ => "Remove the `\\`; where it is text, put it into single quotes of its own: `'\\'${…}`.",
        };
        Self::at(self.span, format!("an unquoted `{sign}` stands before a value"))
            .labelled(format!("the shell would read the `{sign}` together with it"))
            .with_help(help)
    }
}

/// A list stands where one word is needed.
#[derive(Debug)]
pub(super) struct InterpolationOfList {
    pub(super) span: Span,
    pub(super) place: &'static str,
    pub(super) written: Written,
}

impl Finding for InterpolationOfList {
    const SLUG: &'static str = "interpolation-of-list";

    fn diagnostic(&self) -> Diagnostic {
        let joined = self.written.value.replace('}', ".join(\" \")}");
        Self::at(self.span, format!("a list stands {}", self.place))
            .labelled("a list is one word for each element, so it has to stand alone as an argument")
            .with_help(format!("Join it to one text, `{joined}`, or let it stand alone, outside quotes."))
    }
}

/// A shell text that the shell cannot read to its end.
#[derive(Debug)]
pub(super) struct ShellSyntax {
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) label: &'static str,
    pub(super) help: String,
}

impl Finding for ShellSyntax {
    const SLUG: &'static str = "shell-syntax";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, self.message.clone()).labelled(self.label).with_help(self.help.clone())
    }
}

/// A value in text for a shell whose quoting is not known.
#[derive(Debug)]
pub(super) struct ShellUnknown<'a> {
    pub(super) span: Span,
    pub(super) shell: Option<&'a str>,
}

impl Finding for ShellUnknown<'_> {
    const SLUG: &'static str = "shell-unknown";

    fn diagnostic(&self) -> Diagnostic {
        let message = match self.shell {
            Some(shell) => format!("a value stands in text for shell `{shell}`, whose quoting is not known"),
            None => "a value stands in text for a shell that is known only when it runs".to_owned(),
        };
        Self::at(self.span, message)
            .labelled("it cannot be told how it would be read")
            .with_help("Pass it with `env: { NAME: value }` and name the variable in the text, or use `sh`, `bash`, `dash`, `busybox sh` or `zsh`.")
    }
}
