//! Values of PostgreSQL in the binary form of its protocol.

use super::decimal::{decimal, float};
use super::statement::Parameter;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo, PgTypeKind, PgValueRef};
use sqlx::{Encode, Postgres, Type, TypeInfo, ValueRef};
use wf_model::value::{Value, parse_json};

/// Types whose values are sent as they are; all others are sent as texts, which the database reads.
const NATIVE: [&str; 12] =
    ["BOOL", "INT2", "INT4", "INT8", "FLOAT4", "FLOAT8", "TEXT", "VARCHAR", "CHAR", "NAME", "JSON", "JSONB"];

/// Seconds from 1970 to 2000, where PostgreSQL begins to count.
const EPOCH: i64 = 946_684_800;

/// A value for a parameter of a type.
pub(super) struct Bound<'a> {
    pub(super) parameter: &'a Parameter,
    pub(super) type_: &'a str,
}

impl Type<Postgres> for Bound<'_> {
    fn type_info() -> PgTypeInfo {
        // The database finds it out.
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl Encode<'_, Postgres> for Bound<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let text = match self.parameter {
            Parameter::Null => return Ok(IsNull::Yes),
            Parameter::Bool(value) => value.to_string(),
            Parameter::Int(value) => value.to_string(),
            Parameter::Float(value) => value.to_string(),
            Parameter::Text(value) => value.clone(),
        };
        let wrong = |_| BoxDynError::from(format!("is no {}", self.type_));
        match self.type_ {
            "BOOL" => buffer.push(u8::from(text.parse::<bool>().map_err(|error| wrong(error.to_string()))?)),
            "INT2" => buffer.extend(text.parse::<i16>().map_err(|error| wrong(error.to_string()))?.to_be_bytes()),
            "INT4" => buffer.extend(text.parse::<i32>().map_err(|error| wrong(error.to_string()))?.to_be_bytes()),
            "INT8" => buffer.extend(text.parse::<i64>().map_err(|error| wrong(error.to_string()))?.to_be_bytes()),
            "FLOAT4" => buffer.extend(text.parse::<f32>().map_err(|error| wrong(error.to_string()))?.to_be_bytes()),
            "FLOAT8" => buffer.extend(text.parse::<f64>().map_err(|error| wrong(error.to_string()))?.to_be_bytes()),
            "JSONB" => {
                buffer.push(1);
                buffer.extend(text.bytes());
            }
            _ => buffer.extend(text.bytes()),
        }
        Ok(IsNull::No)
    }
}

/// What a text has to be made where a parameter of the type stands; `None` where its values go over as they are.
pub(super) fn cast(type_: &PgTypeInfo) -> Option<String> {
    match type_.kind() {
        PgTypeKind::Enum(_) => None,
        PgTypeKind::Domain(_) | PgTypeKind::Composite(_) => Some(format!("\"{}\"", type_.name().replace('"', "\"\""))),
        _ if NATIVE.contains(&type_.name()) => None,
        _ => Some(type_.name().to_owned()),
    }
}

/// The value of a column.
pub(super) fn value(found: &PgValueRef<'_>) -> Result<Value, String> {
    let Ok(bytes) = found.as_bytes() else { return Ok(Value::Null) };
    let type_ = found.type_info();
    of_bytes(bytes, &type_)
}

fn of_bytes(bytes: &[u8], type_: &PgTypeInfo) -> Result<Value, String> {
    let other = || format!("is of the type {}, which is not read: cast it, as in `::text`", type_.name());
    match type_.kind() {
        PgTypeKind::Array(element) => array(bytes, element).ok_or_else(other)?,
        PgTypeKind::Domain(inner) => of_bytes(bytes, inner),
        PgTypeKind::Enum(_) => text(bytes).ok_or_else(other),
        _ => single(bytes, type_.name()).ok_or_else(other),
    }
}

fn text(bytes: &[u8]) -> Option<Value> {
    std::str::from_utf8(bytes).ok().map(Value::string)
}

fn json(bytes: &[u8]) -> Option<Value> {
    parse_json(std::str::from_utf8(bytes).ok()?).ok().map(|json| Value::from_json(&json))
}

fn single(bytes: &[u8], name: &str) -> Option<Value> {
    Some(match name {
        "BOOL" => Value::Bool(bytes == [1]),
        "INT2" => Value::Int(i16::from_be_bytes(bytes.try_into().ok()?).into()),
        "INT4" => Value::Int(i32::from_be_bytes(bytes.try_into().ok()?).into()),
        "INT8" => Value::Int(i64::from_be_bytes(bytes.try_into().ok()?)),
        "OID" => Value::Int(u32::from_be_bytes(bytes.try_into().ok()?).into()),
        // Its shortest decimal, which is not that of the same number as a double.
        "FLOAT4" => float(f32::from_be_bytes(bytes.try_into().ok()?).to_string().parse().ok()?),
        "FLOAT8" => float(f64::from_be_bytes(bytes.try_into().ok()?)),
        "NUMERIC" => decimal(&numeric(bytes)?),
        "TEXT" | "VARCHAR" | "CHAR" | "\"CHAR\"" | "NAME" | "UNKNOWN" | "XML" => text(bytes)?,
        "JSON" => json(bytes)?,
        "JSONB" => json(bytes.strip_prefix(&[1])?)?,
        "UUID" => Value::string(&uuid::Uuid::from_slice(bytes).ok()?.to_string()),
        "BYTEA" => Value::string(&BASE64_STANDARD.encode(bytes)),
        "TIMESTAMPTZ" => Value::string(&instant(i64::from_be_bytes(bytes.try_into().ok()?))?.to_string()),
        "TIMESTAMP" => {
            let instant = instant(i64::from_be_bytes(bytes.try_into().ok()?))?;
            Value::string(&instant.to_zoned(jiff::tz::TimeZone::UTC).datetime().to_string())
        }
        "DATE" => Value::string(&date(i32::from_be_bytes(bytes.try_into().ok()?))?.to_string()),
        "TIME" => Value::string(&time(i64::from_be_bytes(bytes.try_into().ok()?))?.to_string()),
        "VOID" => Value::Null,
        _ => return None,
    })
}

fn instant(microseconds: i64) -> Option<Timestamp> {
    let since = SignedDuration::from_micros(microseconds).checked_add(SignedDuration::from_secs(EPOCH))?;
    Timestamp::from_duration(since).ok()
}

fn date(days: i32) -> Option<Date> {
    Date::constant(2000, 1, 1).checked_add(SignedDuration::from_hours(i64::from(days) * 24)).ok()
}

fn time(microseconds: i64) -> Option<Time> {
    let midnight = DateTime::constant(2000, 1, 1, 0, 0, 0, 0);
    Some(midnight.checked_add(SignedDuration::from_micros(microseconds)).ok()?.time())
}

/// Digits in base 10000, with the weight of the first and how many decimal digits stand behind the point.
fn numeric(bytes: &[u8]) -> Option<String> {
    let mut numbers = bytes.chunks_exact(2).map(|pair| pair.try_into().map(u16::from_be_bytes).unwrap_or_default());
    let (_, weight, sign, scale) = (numbers.next()?, numbers.next()?.cast_signed(), numbers.next()?, numbers.next()?);
    match sign {
        0xC000 => return Some("NaN".to_owned()),
        0xD000 => return Some("Infinity".to_owned()),
        0xF000 => return Some("-Infinity".to_owned()),
        _ => {}
    }
    let digits: Vec<u16> = numbers.collect();
    let digit = |power: i32| {
        let index = usize::try_from(i32::from(weight) - power).ok()?;
        digits.get(index).copied()
    };
    let mut text = if sign == 0x4000 { "-".to_owned() } else { String::new() };
    let whole: String = (0..=i32::from(weight.max(0))).rev().map(|power| format!("{:04}", digit(power).unwrap_or(0))).collect();
    let whole = whole.trim_start_matches('0');
    text.push_str(if whole.is_empty() { "0" } else { whole });
    if scale > 0 {
        let groups = i32::from(scale.div_ceil(4));
        let behind: String = (1..=groups).map(|power| format!("{:04}", digit(-power).unwrap_or(0))).collect();
        text.push('.');
        text.extend(behind.chars().take(scale.into()));
    }
    Some(text)
}

/// Takes numbers from the front of bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<i32> {
        self.take(4)?.try_into().ok().map(i32::from_be_bytes)
    }
}

/// An array of up to six dimensions, as many as the database has; `None` where it is not in its form.
fn array(bytes: &[u8], element: &PgTypeInfo) -> Option<Result<Value, String>> {
    let mut reader = Reader(bytes);
    let dimensions = usize::try_from(reader.number()?).ok().filter(|dimensions| *dimensions <= 6)?;
    let (_has_nulls, _type) = (reader.number()?, reader.number()?);
    let mut lengths = Vec::new();
    for _ in 0..dimensions {
        lengths.push(usize::try_from(reader.number()?).ok()?);
        reader.number()?;
    }
    let mut elements = Vec::new();
    while !reader.0.is_empty() {
        let length = reader.number()?;
        elements.push(match usize::try_from(length) {
            Ok(length) => match of_bytes(reader.take(length)?, element) {
                Ok(value) => value,
                Err(message) => return Some(Err(message)),
            },
            Err(_) => Value::Null,
        });
    }
    for length in lengths.iter().skip(1).rev().filter(|length| **length > 0) {
        elements = elements.chunks(*length).map(|row| Value::list(row.iter().cloned())).collect();
    }
    Some(Ok(Value::list(elements)))
}

#[cfg(test)]
mod tests {
    use super::{date, instant, numeric, time};

    fn bytes(numbers: &[u16]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
    }

    #[test]
    fn numerics_keep_all_digits() {
        for (numbers, expected) in [
            (&[0, 0, 0, 0][..], "0"),
            (&[1, 0, 0, 0, 42], "42"),
            (&[2, 0, 0, 2, 12, 5000], "12.50"),
            (&[1, 65535, 0x4000, 3, 10], "-0.001"),
            (&[1, 65534, 0, 8, 1], "0.00000001"),
            (&[2, 1, 0, 0, 1, 2], "10002"),
            (&[1, 2, 0, 1, 7], "700000000.0"),
            (&[0, 0, 0xC000, 0], "NaN"),
        ] {
            assert_eq!(numeric(&bytes(numbers)).as_deref(), Some(expected));
        }
        assert_eq!(numeric(&[1]), None);
    }

    #[test]
    fn times_count_from_2000() {
        assert_eq!(instant(0).unwrap().to_string(), "2000-01-01T00:00:00Z");
        assert_eq!(instant(i64::MAX), None);
        assert_eq!(date(-1).unwrap().to_string(), "1999-12-31");
        assert_eq!(time(3_600_000_001).unwrap().to_string(), "01:00:00.000001");
    }
}
