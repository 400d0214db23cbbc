//! From what the lexer found to diagnostics.

use super::context::{Carried, Context, Flaw, FlawKind, ListPlace, Refusal};
use super::findings::{
    CodeReader, InterpolationCarried, InterpolationEscaped, InterpolationInBackticks, InterpolationInCode,
    InterpolationInComment, InterpolationInDelimiter, InterpolationInExpansion, InterpolationInName, InterpolationInPattern,
    InterpolationInQuotes, InterpolationOfList, ShellQuotes, ShellSyntax, Written,
};
use super::symbols::Symbols;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::span::Span;
use wf_syntax::ast::{Expression, ExpressionKind, Text, TextPart};

/// What diagnostics about the values of a text need.
pub(super) struct Report<'a> {
    /// The values as written.
    written: Vec<&'a Expression>,
    /// The text as read.
    symbols: &'a Symbols,
    /// Whether nothing more is to be said.
    silent: bool,
}

impl<'a> Report<'a> {
    /// Prepares reports about the values of `text`.
    pub(super) fn new(text: &'a Text, symbols: &'a Symbols, silent: bool) -> Self {
        let values = text.parts.iter().filter_map(|part| match part {
            TextPart::Literal { .. } => None,
            TextPart::Value { expression, .. } => Some(expression),
        });
        Self { written: values.collect(), symbols, silent }
    }

    /// Reports a value where it stands wrong.
    pub(super) fn value(&self, index: usize, span: Span, context: Context, list: bool, diagnostics: &mut Vec<Diagnostic>) {
        if self.silent {
            return;
        }
        let found = match context {
            Context::Comment => Some(InterpolationInComment { span }.diagnostic()),
            Context::Refused(refusal) => self.refused(index, span, refusal, list),
            Context::Quoted if list => Some(self.list(index, span, "in double quotes or a here-document")),
            Context::Bare { list: ListPlace::Part } if list => Some(self.list(index, span, "as a part of a word")),
            Context::Bare { list: ListPlace::One } if list => {
                Some(self.list(index, span, "where the shell takes exactly one word"))
            }
            Context::Quoted | Context::Bare { .. } => None,
        };
        diagnostics.extend(found);
    }

    /// Reports a value that a variable takes to code.
    pub(super) fn carried(&self, span: Span, carried: &Carried, diagnostics: &mut Vec<Diagnostic>) {
        let reader = match carried.refusal {
            Refusal::Code(interpreter) => CodeReader::Argument(interpreter),
            Refusal::CodeInput(interpreter) => CodeReader::Input(interpreter),
            _ => CodeReader::Arithmetic,
        };
        let used = self.symbols.span(carried.place);
        diagnostics.push(InterpolationCarried { span, variable: &carried.variable, used, reader }.diagnostic());
    }

    fn list(&self, index: usize, span: Span, place: &'static str) -> Diagnostic {
        InterpolationOfList { span, place, written: self.written(index) }.diagnostic()
    }

    fn refused(&self, index: usize, span: Span, refusal: Refusal, list: bool) -> Option<Diagnostic> {
        let code = |reader| InterpolationInCode { span, reader, written: self.written(index) }.diagnostic();
        Some(match refusal {
            Refusal::SingleQuotes => self.quotes(index, span, ShellQuotes::Single, list),
            Refusal::DollarQuotes => self.quotes(index, span, ShellQuotes::Dollar, list),
            Refusal::QuotedHereDocument => self.quotes(index, span, ShellQuotes::HereDocument, list),
            Refusal::Code(interpreter) => code(CodeReader::Argument(interpreter)),
            Refusal::CodeInput(interpreter) => code(CodeReader::Input(interpreter)),
            Refusal::Arithmetic => code(CodeReader::Arithmetic),
            Refusal::Regex => InterpolationInPattern { span }.diagnostic(),
            Refusal::Delimiter => InterpolationInDelimiter { span }.diagnostic(),
            Refusal::Backticks => InterpolationInBackticks { span }.diagnostic(),
            Refusal::Expansion => InterpolationInExpansion { span, written: self.written(index) }.diagnostic(),
            Refusal::Name => InterpolationInName { span }.diagnostic(),
            Refusal::AfterDollar => InterpolationEscaped { span, sign: '$' }.diagnostic(),
            Refusal::AfterBackslash => InterpolationEscaped { span, sign: '\\' }.diagnostic(),
            // The flaw that ended the reading was reported.
            Refusal::Unread => return None,
        })
    }

    fn quotes(&self, index: usize, span: Span, quotes: ShellQuotes, list: bool) -> Diagnostic {
        let around = self.symbols.quotes_around(index).filter(|_| quotes == ShellQuotes::Single);
        let closable = quotes != ShellQuotes::HereDocument && !list;
        InterpolationInQuotes { span, quotes, closable, around }.diagnostic()
    }

    fn written(&self, index: usize) -> Written {
        written(self.written.get(index).copied())
    }
}

/// How a value is written, as far as it is a name or a field of one.
pub(super) fn written(value: Option<&Expression>) -> Written {
    let path = value.and_then(path);
    let name = path.as_ref().and_then(|path| path.rsplit('.').next()).unwrap_or("value").to_owned();
    let value = path.map_or_else(|| "${…}".to_owned(), |path| format!("${{{path}}}"));
    Written { name, value }
}

/// `a.b.c`, where an expression is that.
fn path(expression: &Expression) -> Option<String> {
    let mut names = Vec::new();
    let mut inner = expression;
    loop {
        match &inner.kind {
            ExpressionKind::Field { base, name, optional: false } => {
                names.push(name.text.as_ref());
                inner = base;
            }
            ExpressionKind::Name(name) => {
                names.push(name.as_ref());
                names.reverse();
                return Some(names.join("."));
            }
            _ => return None,
        }
    }
}

/// Reports what is wrong with the text itself.
pub(super) fn flaw(flaw: Flaw, symbols: &Symbols, diagnostics: &mut Vec<Diagnostic>) {
    let span = symbols.span(flaw.place);
    let (message, label, help) = match flaw.kind {
        FlawKind::Unclosed(begin, end) => {
            let help = format!("Add `{end}`, or `\\` before `{begin}` where it is text.");
            (format!("`{begin}` of the shell text does not end"), "it begins here", help)
        }
        FlawKind::HereDocument => {
            let help = "Write the delimiter alone on a line behind the text, without blanks around it.".to_owned();
            ("a here-document of the shell text does not end".to_owned(), "it is begun here", help)
        }
        FlawKind::AmbiguousArithmetic => {
            let help = "Close it with `))`, or write a blank between the parentheses where they are a subshell.".to_owned();
            ("`((` of the shell text is not closed by `))`".to_owned(), "it begins here", help)
        }
        FlawKind::StrayParenthesis => {
            let help = "Remove it, or put it into quotes where it is text.".to_owned();
            ("a `)` of the shell text closes nothing".to_owned(), "it stands here", help)
        }
        FlawKind::TooDeep => {
            let help = "Move a part of it into a function or a script of its own.".to_owned();
            ("the shell text nests more than 64 levels deep".to_owned(), "this is too deep", help)
        }
    };
    diagnostics.push(ShellSyntax { span, message, label, help }.diagnostic());
}
