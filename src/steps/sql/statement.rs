//! Statements of a text, each with the values that go beside it.

use super::dialect::Dialect;
use super::region::{Region, is_word};
use crate::process::not_started;
use wf_model::failure::Failure;
use wf_model::script::{Argument, Call, ScriptPart, ScriptPlace};
use wf_model::value::Value;

/// Words of a statement that are kept: enough to know what sort it is.
const KEPT_WORDS: usize = 8;

/// Words of statements that change rows.
const CHANGES: [&str; 5] = ["insert", "update", "delete", "replace", "merge"];

/// First words of statements that only read.
const READS: [&str; 4] = ["select", "values", "explain", "show"];

/// First words of statements that begin or end a transaction.
const TRANSACTION: [&str; 6] = ["begin", "commit", "rollback", "end", "abort", "start"];

/// What is created with statements of its own inside.
const ROUTINES: [&str; 4] = ["trigger", "procedure", "function", "event"];

/// What a database gets for a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Parameter {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
}

/// A piece of a statement.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    Place(Parameter),
}

/// One statement.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Statement {
    pieces: Vec<Piece>,
    /// Its first words, in lower case.
    words: Vec<String>,
    /// Whether a word outside quotes says that rows change.
    says_change: bool,
    /// The line that it begins in, from one.
    pub(super) line: usize,
}

impl Statement {
    /// The statement with a value between each two texts.
    pub(super) fn made(texts: &[&str], parameters: Vec<Parameter>) -> Self {
        let mut statement = Self::default();
        let mut parameters = parameters.into_iter();
        for text in texts {
            statement.push(text);
            statement.pieces.extend(parameters.next().map(Piece::Place));
        }
        statement
    }

    /// Its text, with a place for each value by its number, from one.
    pub(super) fn text(&self, place: impl Fn(usize) -> String) -> String {
        let (mut text, mut number) = (String::new(), 0);
        for piece in &self.pieces {
            match piece {
                Piece::Text(literal) => text.push_str(literal),
                Piece::Place(_) => {
                    number += 1;
                    text.push_str(&place(number));
                }
            }
        }
        text
    }

    /// Its values in their order.
    pub(super) fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Place(parameter) => Some(parameter),
        })
    }

    /// Whether the number of rows that the database tells is one of rows that changed.
    pub(super) fn changes_rows(&self) -> bool {
        let first = self.word(0);
        CHANGES.contains(&first) || first == "with" && self.says_change
    }

    /// Whether it surely only reads.
    pub(super) fn only_reads(&self) -> bool {
        READS.contains(&self.word(0))
    }

    /// The word by which it begins or ends a transaction.
    pub(super) fn transaction_word(&self) -> Option<&str> {
        let first = self.word(0);
        let word = TRANSACTION.contains(&first) && !(first == "rollback" && self.words.iter().any(|word| word == "to"));
        word.then_some(first)
    }

    fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", |word| word)
    }

    fn is_routine(&self) -> bool {
        self.word(0) == "create" && self.words.iter().any(|word| ROUTINES.contains(&&**word))
    }

    fn push(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }
}

/// The statements of the call's `query`.
///
/// # Errors
/// Why it cannot be asked.
pub(super) fn of_call(call: &Call, dialect: Dialect) -> Result<Vec<Statement>, Failure> {
    let mut splitter = Splitter::new(dialect);
    match call.argument("query") {
        Some(Argument::Value(Value::String(text))) => splitter.text(text)?,
        Some(Argument::Script(script)) => {
            for part in &script.parts {
                match part {
                    ScriptPart::Literal(text) => splitter.text(text)?,
                    ScriptPart::Value { value, place: ScriptPlace::Raw } => {
                        splitter.text(&value.render().unwrap_or_default())?;
                    }
                    ScriptPart::Value { value, .. } => splitter.value(value)?,
                }
            }
        }
        Some(Argument::Value(_)) | None => return Err(not_started("there is neither `query` nor `migrations`")),
    }
    splitter.finish();
    if splitter.done.is_empty() {
        return Err(not_started("`query` holds no statement"));
    }
    Ok(splitter.done)
}

/// The statements of a text without values; what keeps a place free in it does so for the database.
///
/// # Errors
/// Never: such a text is what it is.
pub(super) fn of_text(text: &str, dialect: Dialect) -> Result<Vec<Statement>, Failure> {
    let mut splitter = Splitter { free: true, ..Splitter::new(dialect) };
    splitter.text(text)?;
    splitter.finish();
    Ok(splitter.done)
}

/// The parameter for a value that is no list.
fn parameter(value: &Value) -> Result<Parameter, Failure> {
    Ok(match value {
        Value::Null => Parameter::Null,
        Value::Bool(value) => Parameter::Bool(*value),
        Value::Int(value) => Parameter::Int(*value),
        Value::Float(value) => Parameter::Float(*value),
        other => Parameter::Text(other.render().ok_or_else(|| not_started("a value of the query is no single value"))?),
    })
}

/// Takes a text apart at the semicolons that end statements.
struct Splitter {
    dialect: Dialect,
    done: Vec<Statement>,
    current: Statement,
    open: Option<Region>,
    before: Option<char>,
    line: usize,
    /// How many `begin` and `case` of a routine are open.
    depth: usize,
    /// Whether the word before was `end`.
    ended: bool,
    /// Whether places may be kept free.
    free: bool,
}

impl Splitter {
    fn new(dialect: Dialect) -> Self {
        let (done, current) = (Vec::new(), Statement::default());
        Self { dialect, done, current, open: None, before: None, line: 1, depth: 0, ended: false, free: false }
    }

    fn value(&mut self, value: &Value) -> Result<(), Failure> {
        self.begins();
        self.before = None;
        let Value::List(elements) = value else {
            self.current.pieces.push(Piece::Place(parameter(value)?));
            return Ok(());
        };
        if elements.is_empty() {
            return Err(not_started(&format!(
                "a list in line {} of the query is empty, which no list of SQL can be: run the step only `when` there is an element",
                self.line
            )));
        }
        for (index, element) in elements.iter().enumerate() {
            if index > 0 {
                self.current.push(", ");
            }
            self.current.pieces.push(Piece::Place(parameter(element)?));
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Failure> {
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = match self.open.take() {
                Some(region) => {
                    let (length, open) = region.inside(rest, self.dialect);
                    self.open = open;
                    length
                }
                None => self.outside(rest, first)?,
            };
            let Some((taken, left)) = rest.split_at_checked(length) else { break };
            self.take(taken);
            rest = left;
        }
        Ok(())
    }

    fn take(&mut self, taken: &str) {
        self.line += taken.matches('\n').count();
        self.before = taken.chars().next_back();
        if self.open.is_none() && taken == ";" && self.depth == 0 {
            return self.finish();
        }
        self.current.push(taken);
    }

    /// How many bytes belong together outside quotes and comments.
    fn outside(&mut self, rest: &str, first: char) -> Result<usize, Failure> {
        if let Some((region, length)) = Region::begin(rest, self.before, self.dialect) {
            if !region.is_comment() {
                self.begins();
            }
            self.open = Some(region);
            return Ok(length);
        }
        if !self.free && self.dialect.is_place(rest) && !(first == ':' && self.before == Some(':')) {
            return Err(not_started(&format!(
                "line {} of the query keeps a place free by `{first}`, which nothing fills: write the value there, `${{name}}`",
                self.line
            )));
        }
        if is_word(first) {
            let length = rest.find(|sign| !is_word(sign)).unwrap_or(rest.len());
            self.begins();
            self.word(&rest.get(..length).unwrap_or_default().to_lowercase());
            return Ok(length);
        }
        if first == ';' {
            self.ended = false;
        } else if !first.is_whitespace() {
            self.begins();
        }
        Ok(first.len_utf8())
    }

    fn begins(&mut self) {
        if self.current.line == 0 {
            self.current.line = self.line;
        }
    }

    fn word(&mut self, word: &str) {
        self.current.says_change |= CHANGES.contains(&word);
        if self.current.words.len() < KEPT_WORDS {
            self.current.words.push(word.to_owned());
        }
        if self.current.is_routine() {
            match word {
                "begin" => self.depth += 1,
                "case" if !self.ended => self.depth += 1,
                "end" => self.depth = self.depth.saturating_sub(1),
                // `end if` and its like end what no `begin` began.
                "if" | "loop" | "while" | "repeat" if self.ended => self.depth += 1,
                _ => {}
            }
        }
        self.ended = word == "end";
    }

    fn finish(&mut self) {
        let statement = std::mem::take(&mut self.current);
        (self.depth, self.ended) = (0, false);
        if statement.line > 0 {
            self.done.push(statement);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Parameter, of_call};
    use crate::sql::dialect::Dialect;
    use wf_model::script::{Argument, Call, Script, ScriptPart, ScriptPlace};
    use wf_model::value::Value;

    fn call(parts: Vec<ScriptPart<Value>>) -> Call {
        let arguments = vec![("query".into(), Argument::Script(Script { parts }))];
        Call { kind: "sql".into(), arguments, decode: None, is_unread: false, undoes: None }
    }

    fn split(text: &str, dialect: Dialect) -> Vec<String> {
        let statements = of_call(&call(vec![ScriptPart::Literal(text.into())]), dialect).unwrap();
        statements.iter().map(|statement| statement.text(|_| "?".to_owned()).trim().to_owned()).collect()
    }

    #[test]
    fn semicolons_end_statements_but_in_quotes_and_comments() {
        use Dialect::{MySql, Postgres, Sqlite};
        for dialect in [Sqlite, Postgres, MySql] {
            assert_eq!(split("select 1; ;\n select 2;", dialect), ["select 1", "select 2"]);
            assert_eq!(split("select ';''', \";\" /* ; */ -- ;\n from t", dialect).len(), 1);
        }
        assert_eq!(split("select $$;$$, $a$ ; $$ ; $a$; select 2", Postgres).len(), 2);
        assert_eq!(split(r"select E'\';', '\'; select 2", Postgres).len(), 2);
        assert_eq!(split("select 1 /* /* ; */ ; */; select 2", Postgres).len(), 2);
        assert_eq!(split(r"select '\';' # ;", MySql).len(), 1);
        assert_eq!(split("select [;], `;`", Sqlite).len(), 1);
    }

    #[test]
    fn routines_hold_statements() {
        let trigger =
            "create trigger t after insert on a begin update a set b = case when 1 then 2 end; delete from c; end; select 1";
        assert_eq!(split(trigger, Dialect::Sqlite).len(), 2);
        let procedure = "create procedure p() begin if 1 then select 1; end if; while 0 do select 2; end while; end; select 3";
        assert_eq!(split(procedure, Dialect::MySql).len(), 2);
    }

    #[test]
    fn values_leave_places() {
        let value = |value| ScriptPart::Value { value, place: ScriptPlace::Bare };
        let list = Value::list([Value::Int(1), Value::string("'; drop table t; --")]);
        let call = call(vec![
            ScriptPart::Literal("select * from t where a in (".into()),
            value(list),
            ScriptPart::Literal("); select ".into()),
            value(Value::Null),
        ]);
        let statements = of_call(&call, Dialect::Postgres).unwrap();
        assert_eq!(statements[0].text(|number| format!("${number}")), "select * from t where a in ($1, $2)");
        let parameters: Vec<_> = statements[0].parameters().collect();
        assert_eq!(parameters, [&Parameter::Int(1), &Parameter::Text("'; drop table t; --".into())]);
        assert_eq!(statements[1].parameters().collect::<Vec<_>>(), [&Parameter::Null]);
    }

    #[test]
    fn places_of_the_text_itself_are_refused() {
        for (text, dialect) in [("select ?", Dialect::Sqlite), ("select :a", Dialect::Sqlite), ("select $1", Dialect::Postgres)] {
            assert!(of_call(&call(vec![ScriptPart::Literal(text.into())]), dialect).is_err(), "{text}");
        }
        assert_eq!(split("select a ? 'b', c::text", Dialect::Postgres).len(), 1);
    }
}
