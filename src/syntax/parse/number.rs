//! Numbers, durations and sizes.

use super::convert::Convert;
use super::findings::{NumberForm, NumberTooLarge};
use super::grammar::Rule;
use crate::ast::ExpressionKind;
use pest::iterators::Pair;
use wf_model::unit::{Duration, Size};

/// What people write for units, with the unit and its worth in milliseconds or bytes.
const SPOKEN: [(&str, Unit); 34] = [
    ("d", Unit::Time(86_400_000)),
    ("day", Unit::Time(86_400_000)),
    ("days", Unit::Time(86_400_000)),
    ("w", Unit::Time(604_800_000)),
    ("week", Unit::Time(604_800_000)),
    ("weeks", Unit::Time(604_800_000)),
    ("h", Unit::Time(3_600_000)),
    ("hr", Unit::Time(3_600_000)),
    ("hrs", Unit::Time(3_600_000)),
    ("hour", Unit::Time(3_600_000)),
    ("hours", Unit::Time(3_600_000)),
    ("m", Unit::Time(60_000)),
    ("min", Unit::Time(60_000)),
    ("mins", Unit::Time(60_000)),
    ("minute", Unit::Time(60_000)),
    ("minutes", Unit::Time(60_000)),
    ("s", Unit::Time(1_000)),
    ("sec", Unit::Time(1_000)),
    ("secs", Unit::Time(1_000)),
    ("second", Unit::Time(1_000)),
    ("seconds", Unit::Time(1_000)),
    ("ms", Unit::Time(1)),
    ("msec", Unit::Time(1)),
    ("millis", Unit::Time(1)),
    ("b", Unit::Bytes(1)),
    ("k", Unit::Bytes(1 << 10)),
    ("kb", Unit::Bytes(1 << 10)),
    ("kib", Unit::Bytes(1 << 10)),
    ("mb", Unit::Bytes(1 << 20)),
    ("mib", Unit::Bytes(1 << 20)),
    ("g", Unit::Bytes(1 << 30)),
    ("gb", Unit::Bytes(1 << 30)),
    ("gib", Unit::Bytes(1 << 30)),
    ("tb", Unit::Bytes(1 << 40)),
];

#[derive(Clone, Copy)]
enum Unit {
    Time(i64),
    Bytes(i64),
}

/// A number of any form; one that is none, or too large, is reported and missing.
pub(super) fn number(pair: &Pair<'_, Rule>, convert: &mut Convert) -> ExpressionKind {
    let (text, span) = (pair.as_str(), convert.span(pair));
    let plain = text.replace('_', "");
    let read = match pair.as_rule() {
        Rule::integer => plain.parse().ok().map(ExpressionKind::Int),
        Rule::float => plain.parse().ok().filter(|value: &f64| value.is_finite()).map(ExpressionKind::Float),
        Rule::percent => percent(&plain).map(ExpressionKind::Float),
        Rule::duration => Duration::parse(text).map(ExpressionKind::Duration),
        Rule::size => Size::parse(text).map(ExpressionKind::Size),
        _ => None,
    };
    read.unwrap_or_else(|| {
        match meant(&plain) {
            Some(right) => convert.report(&NumberForm { span, written: text, right: Some(right) }),
            None if pair.as_rule() == Rule::number_mistake => convert.report(&NumberForm { span, written: text, right: None }),
            None => convert.report(&NumberTooLarge { span, written: text }),
        }
        ExpressionKind::Missing
    })
}

/// `80%` → 0.8, by the digits, so that nothing is lost in a division.
fn percent(text: &str) -> Option<f64> {
    format!("{}e-2", text.strip_suffix('%')?).parse().ok().filter(|value: &f64| value.is_finite())
}

/// What a number that is none was meant to be, as the language writes it.
fn meant(text: &str) -> Option<String> {
    units(text).or_else(|| exponent(text)).or_else(|| other_base(text))
}

/// `1.5h`, `5min`, `30m1h`
fn units(text: &str) -> Option<String> {
    let (mut time, mut bytes) = (None, None);
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) = rest.split_at_checked(rest.find(|c: char| !c.is_ascii_digit() && c != '.')?)?;
        let (unit, behind) = after.split_at_checked(after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len()))?;
        let number: f64 = number.parse().ok()?;
        let unit =
            SPOKEN.iter().find(|(spoken, _)| *spoken == unit.to_ascii_lowercase() && *spoken != "M").map(|(_, unit)| *unit)?;
        match unit {
            Unit::Time(worth) => time = Some(whole(number, worth)?.checked_add(time.unwrap_or(0))?),
            Unit::Bytes(worth) => bytes = Some(whole(number, worth)?.checked_add(bytes.unwrap_or(0))?),
        }
        rest = behind;
    }
    match (time, bytes) {
        (Some(milliseconds), None) => Some(Duration { milliseconds }.to_string()),
        (None, Some(bytes)) => Some(Size { bytes }.to_string()),
        _ => None,
    }
}

/// `number · worth` where it is a whole number that is not too large.
fn whole(number: f64, worth: i64) -> Option<i64> {
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    let product = (number * worth as f64).round();
    #[allow(clippy::cast_possible_truncation)]
    (product.is_finite() && product.abs() < 9e15).then_some(product as i64)
}

/// `1e6` → `1_000_000`
fn exponent(text: &str) -> Option<String> {
    if !text.contains(['e', 'E']) {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    match whole(value, 1) {
        #[allow(clippy::cast_precision_loss)]
        Some(integer) if integer as f64 == value => Some(grouped(integer)),
        _ if value.abs() > 1e-12 && value.abs() < 1e15 => Some(format!("{value}")),
        _ => None,
    }
}

/// `0x1F` → `31`
fn other_base(text: &str) -> Option<String> {
    let digits = text.get(2..)?;
    let base = match text.get(..2)? {
        "0x" | "0X" => 16,
        "0o" | "0O" => 8,
        "0b" | "0B" => 2,
        _ => return None,
    };
    i64::from_str_radix(digits, base).ok().map(grouped)
}

/// `1000000` → `1_000_000`
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) && digits.len() > 4 {
            text.push('_');
        }
        text.push(digit);
    }
    text
}
