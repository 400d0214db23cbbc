//! Decimal numbers of databases.

use wf_model::value::Value;

/// A number where an integer or a float holds all its digits, else its text. One without digits behind the point is an integer.
pub(super) fn decimal(text: &str) -> Value {
    if !text.contains('.') {
        return text.parse().map_or_else(|_| Value::string(text), Value::Int);
    }
    let digits = text.trim_start_matches('-').trim_start_matches(['0', '.']).chars().filter(char::is_ascii_digit).count();
    match text.parse::<f64>() {
        // Every decimal of fifteen digits comes back from a float as it was.
        Ok(number) if digits <= 15 && number.is_finite() => Value::Float(number),
        _ => Value::string(text),
    }
}

/// A float, or the text of one that is no number.
pub(super) fn float(number: f64) -> Value {
    if number.is_finite() { Value::Float(number) } else { Value::string(&number.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::{decimal, float};
    use wf_model::value::Value;

    #[test]
    fn decimals_lose_no_digit() {
        assert_eq!(decimal("12.50"), Value::Float(12.5));
        assert_eq!(decimal("-0.001"), Value::Float(-0.001));
        assert_eq!(decimal("42"), Value::Int(42));
        assert_eq!(decimal("12345678901234567890"), Value::string("12345678901234567890"));
        assert_eq!(decimal("1234567890.1234567890"), Value::string("1234567890.1234567890"));
        assert_eq!(decimal("NaN"), Value::string("NaN"));
        assert_eq!((float(1.5), float(f64::INFINITY)), (Value::Float(1.5), Value::string("inf")));
    }
}
