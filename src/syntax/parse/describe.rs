//! What to say where a head cannot be read: the place, and what could stand there in words that people use.

use super::convert::Convert;
use super::findings::{SyntaxError, TooComplicated, visible};
use super::form::form;
use super::grammar::{Rule, read_in_detail};
use pest::error::{Error, ErrorVariant, InputLocation};
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::span::Span;

/// More things than these are not listed.
const MOST_LISTED: usize = 4;

/// The diagnostic of a head that `rule` cannot read.
pub(crate) fn describe(rule: Rule, error: &Error<Rule>, text: &str, convert: &Convert) -> Diagnostic {
    let ErrorVariant::ParsingError { positives, .. } = &error.variant else {
        return TooComplicated { span: convert.range(0, text.len()) }.diagnostic();
    };
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let (at, expected) = furthest(rule, text, at).unwrap_or_else(|| (at, expected(positives)));
    if let Some(found) = super::habits::habit(rule, text, at, convert) {
        return found;
    }
    let (span, found) = place(text, at, convert);
    SyntaxError { span, expected, found, form: form(rule) }.diagnostic()
}

/// How far any token got, and which could have followed; `None` where a rule got as far as that.
///
/// pest tells of tokens only when it is asked to, which makes it slower: so this reads a broken head a second time.
fn furthest(rule: Rule, text: &str, at: usize) -> Option<(usize, Option<String>)> {
    // Behind a last word a blank tells which words could follow.
    let longer = format!("{text} ");
    let attempts = read_in_detail(rule, if at < text.len() { text } else { &longer })
        .err()?
        .parse_attempts()
        .filter(|attempts| attempts.max_position > at)?;
    let tokens = attempts.expected_tokens();
    // The type of a token is private to pest; its text tells what it is.
    let texts: Vec<String> = tokens.iter().map(ToString::to_string).collect();
    let sensitive: Vec<&str> = texts.iter().map(String::as_str).collect();
    if sensitive.contains(&"\"") && sensitive.contains(&"[") {
        return Some((attempts.max_position, Some("an expression".to_owned())));
    }
    // Behind an operand `=` is a mistake that is read, not a sign to recommend.
    let operand = sensitive.contains(&"+");
    let mut words: Vec<String> = Vec::new();
    for token in sensitive.into_iter().filter(|token| !(operand && *token == "=")) {
        let keyword = token.chars().all(|c| c.is_ascii_lowercase()) && !OPERATORS.contains(&token);
        if (keyword || [":", "=", "->", ")", "]", "}"].contains(&token))
            && !words.iter().any(|word| word.trim_matches('`') == token)
        {
            words.push(format!("`{token}`"));
        }
    }
    if words.len() > MOST_LISTED || words.is_empty() {
        return Some((attempts.max_position, None));
    }
    let last = words.pop()?;
    let listed = if words.is_empty() { last } else { format!("{} or {last}", words.join(", ")) };
    Some((attempts.max_position, Some(listed)))
}

/// Words that could stand behind every operand.
const OPERATORS: [&str; 8] = ["and", "or", "in", "not", "contains", "matches", "as", "for"];

/// The word or sign at `at`; where the text ends there, its last character.
fn place(text: &str, at: usize, convert: &Convert) -> (Span, Option<String>) {
    let rest = text.get(at..).unwrap_or("");
    let start = at + (rest.len() - rest.trim_start().len());
    let rest = rest.trim_start();
    let Some(first) = rest.chars().next() else {
        let end = text.trim_end().len();
        return (convert.range(end, end), None);
    };
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let length = if word(first) { rest.find(|c| !word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
    let found = rest.get(..length).map(visible);
    (convert.range(start, start + length), found)
}

/// `a name, a type or \`=\``; `None` where too much could stand there to be of help.
fn expected(rules: &[Rule]) -> Option<String> {
    let mut words: Vec<&'static str> = Vec::new();
    for rule in rules {
        if let Some(word) = words_for(*rule)
            && !words.contains(&word)
        {
            words.push(word);
        }
    }
    // An operator could stand behind every operand; it is only of interest where nothing else could.
    if words.len() > 1 {
        words.retain(|word| *word != "an operator");
    }
    if words.contains(&"an expression") {
        words.retain(|word| *word == "an expression" || word.starts_with('`'));
    }
    // Nothing ends here, so brackets are open, and elements may be what stands in them.
    if words == ["an operator"] {
        words.push("a comma");
    }
    if words.is_empty() || words.len() > MOST_LISTED {
        return None;
    }
    let last = words.pop()?;
    Some(if words.is_empty() { last.to_owned() } else { format!("{} or {last}", words.join(", ")) })
}

/// What people call what a rule reads; `None` for what says nothing.
// One line for each rule: a table reads best in one piece.
#[allow(clippy::too_many_lines)]
fn words_for(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::name | Rule::used_name | Rule::declared_name | Rule::field_name | Rule::attribute_name => "a name",
        Rule::type_name => "a type's name",
        Rule::type_expression
        | Rule::named_type
        | Rule::type_literal
        | Rule::list_type
        | Rule::record_type
        | Rule::parenthesised_type => "a type",
        Rule::expression
        | Rule::conditional
        | Rule::postfixed
        | Rule::parenthesised
        | Rule::record
        | Rule::constant
        | Rule::integer
        | Rule::float
        | Rule::percent
        | Rule::duration
        | Rule::size
        | Rule::number_mistake
        | Rule::call
        | Rule::not
        | Rule::negate => "an expression",
        Rule::string | Rule::double | Rule::single | Rule::block_double | Rule::block_single => "a string",
        Rule::list => "a list",
        Rule::callee | Rule::invocation => "a step kind",
        Rule::declared_type => "`:`",
        Rule::declared_value => "`=`",
        Rule::where_part => "`where`",
        Rule::decode_part => "`->`",
        Rule::depends_part => "`depends on`",
        Rule::depends_nothing => "`nothing`",
        Rule::when_part => "`when`",
        Rule::main_literal => "a string",
        Rule::secret_source => "`env`, `file` or `command`",
        Rule::iterator => "`NAME in LIST`",
        Rule::concurrency => "`parallel`",
        Rule::wait_mode => "`all`, `any` or `first`",
        Rule::pause_part => "`pause`",
        Rule::backoff_part => "`backoff`",
        Rule::within_part => "`within`",
        Rule::rollback_manually => "`manually`",
        Rule::rollback_statement => "`rollback`",
        Rule::lock_max => "`max`",
        Rule::lock_else => "`skip` or `fail`",
        Rule::unknown_answer => "`rerun`, `done`, `fail`, `ask` or `check`",
        Rule::trigger_option => "`with`, `timezone`, `overlap`, `catch up`, `settle` or `signed by`",
        Rule::mock_succeeds => "`succeeds`",
        Rule::mock_fails => "`fails`",
        Rule::mock_times_out => "`times out`",
        Rule::mock_crashes => "`crashes`",
        Rule::mock_gives => "`gives`",
        Rule::mock_after => "`after`",
        Rule::use_names => "`(NAME, …)`",
        Rule::use_file => "a file in quotes",
        Rule::use_module => "a module",
        Rule::or
        | Rule::and
        | Rule::equal
        | Rule::not_equal
        | Rule::less
        | Rule::less_or_equal
        | Rule::greater
        | Rule::greater_or_equal
        | Rule::in_operator
        | Rule::not_in
        | Rule::contains
        | Rule::matches
        | Rule::default
        | Rule::range
        | Rule::add
        | Rule::subtract
        | Rule::multiply
        | Rule::divide
        | Rule::remainder
        | Rule::assign
        | Rule::member
        | Rule::index
        | Rule::as_type => "an operator",
        Rule::EOI => "a line break",
        _ => return None,
    })
}
