//! What statements give: the rows of the last one, and how many rows all of them changed.

use std::sync::Arc;
use wf_model::failure::{Failure, FailureKind};
use wf_model::types::Type;
use wf_model::value::{Map, Value, decode_json, parse_json};
use wf_runtime::mask::Masker;

/// Bytes of memory that the rows of a result take at most.
const LARGEST: usize = 64 << 20;

/// About what a row takes beside its values, in bytes.
const ROW: usize = 160;

/// About what a value takes beside its text, in bytes.
const CELL: usize = 64;

/// The rows as they come in.
#[derive(Debug, Default)]
pub(super) struct Rows {
    names: Vec<Arc<str>>,
    rows: Vec<Value>,
    size: usize,
    /// How many rows changed.
    pub(super) affected: u64,
}

/// More rows than a result holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

impl Rows {
    /// A further statement gives rows of its own.
    pub(super) fn begin(&mut self) {
        (self.rows, self.size) = (Vec::new(), 0);
        self.names.clear();
    }

    /// Whether the names of the columns of this statement are known.
    pub(super) fn is_named(&self) -> bool {
        !self.names.is_empty()
    }

    /// Names the columns; of two with one name, the last stays.
    pub(super) fn name<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        self.names = names.map(Arc::from).collect();
    }

    /// Takes in a row with a value for each column.
    pub(super) fn push(&mut self, cells: impl Iterator<Item = Value>) -> Result<(), TooLarge> {
        let mut row = Map::with_capacity(self.names.len());
        for (name, cell) in self.names.iter().zip(cells) {
            self.size += CELL + length(&cell);
            row.insert(name.clone(), cell);
        }
        self.size += ROW;
        if self.size > LARGEST {
            return Err(TooLarge);
        }
        self.rows.push(Value::Map(Arc::new(row)));
        Ok(())
    }

    /// The rows that came in.
    pub(super) fn so_far(&self) -> &[Value] {
        &self.rows
    }

    /// The rows and how many changed, as a text.
    pub(super) fn told(&self) -> String {
        let rows = Value::list(self.rows.iter().cloned()).to_json();
        serde_json::json!({ "rows": rows, "affected": self.affected }).to_string()
    }

    /// What such a text tells; `None` where it is none.
    pub(super) fn of_told(text: &str) -> Option<Self> {
        let told = parse_json(text).ok()?;
        let Value::List(rows) = Value::from_json(told.get("rows")?) else { return None };
        Some(Self { rows: rows.to_vec(), affected: told.get("affected")?.as_u64()?, ..Self::default() })
    }

    /// The result of the step, and what `-> T` asks for.
    ///
    /// # Errors
    /// Where the rows are no `T`.
    pub(super) fn result(self, decode: Option<&Type>, masker: &Masker) -> Result<(Value, Option<Value>), Failure> {
        let secret = decode.is_some_and(Type::holds_secret);
        let rows = Value::list(self.rows);
        let rows = if secret { rows } else { masked(&rows, masker) };
        let decoded = decode.map(|type_| decoded(&rows, type_, secret, masker)).transpose()?;
        let rows = if secret { Value::list([]) } else { rows };
        let affected = Value::Int(i64::try_from(self.affected).unwrap_or(i64::MAX));
        Ok((Value::map([("rows", rows), ("affected", affected)]), decoded))
    }
}

fn decoded(rows: &Value, type_: &Type, secret: bool, masker: &Masker) -> Result<Value, Failure> {
    decode_json(&rows.to_json(), type_).map_err(|error| {
        let message = if secret { error.without_value() } else { masker.text(&error.to_string()) };
        Failure::final_of(FailureKind::Decode, &message)
    })
}

fn masked(value: &Value, masker: &Masker) -> Value {
    value.map_texts(&|text| Value::string(&masker.text(text)), &|key| masker.text(key).into())
}

/// About what the text of a value takes, in bytes.
fn length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::List(elements) => elements.iter().map(|element| CELL + length(element)).sum(),
        Value::Map(map) => map.iter().map(|(key, element)| CELL + key.len() + length(element)).sum(),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Duration(_)
        | Value::Size(_)
        | Value::Secret(_)
        | Value::Channel(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{LARGEST, Rows, TooLarge};
    use wf_model::types::Type;
    use wf_model::value::Value;
    use wf_runtime::mask::Masker;

    #[test]
    fn rows_are_those_of_the_last_statement() {
        let mut rows = Rows { affected: 3, ..Rows::default() };
        for number in [1, 2] {
            rows.begin();
            rows.name(["a", "b"].into_iter());
            rows.push([Value::Int(number), Value::Null].into_iter()).unwrap();
        }
        let rows = Rows::of_told(&rows.told()).unwrap();
        let type_ = Type::list(Type::record([("a", Type::Int)]));
        let (result, decoded) = rows.result(Some(&type_), &Masker::default()).unwrap();
        let row = Value::map([("a", Value::Int(2)), ("b", Value::Null)]);
        assert_eq!(result, Value::map([("rows", Value::list([row])), ("affected", Value::Int(3))]));
        assert_eq!(decoded, Some(Value::list([Value::map([("a", Value::Int(2))])])));
    }

    #[test]
    fn rows_have_a_bound() {
        let mut rows = Rows::default();
        rows.name(["a"].into_iter());
        let text = Value::string(&"x".repeat(LARGEST / 2));
        assert_eq!(rows.push([text.clone()].into_iter()), Ok(()));
        assert_eq!(rows.push([text].into_iter()), Err(TooLarge));
    }
}
