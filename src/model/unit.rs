//! Durations and sizes as people write them.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A span of time in whole milliseconds; negative only as the outcome of a subtraction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Duration {
    /// Milliseconds.
    pub milliseconds: i64,
}

/// A number of bytes; negative only as the outcome of a subtraction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Size {
    /// Bytes.
    pub bytes: i64,
}

/// Units of a duration, largest first, in milliseconds.
pub const DURATION_UNITS: [(&str, i64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Units of a size, largest first, in bytes (powers of 1024).
pub const SIZE_UNITS: [(&str, i64); 4] = [("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10), ("B", 1)];

impl Duration {
    /// From whole seconds; saturates.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self { milliseconds: seconds.saturating_mul(1_000) }
    }

    /// Reads `250ms`, `1h30m`: digits and a unit, largest unit first, each at most once. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        sum_of_units(text, &DURATION_UNITS, 1).map(|milliseconds| Self { milliseconds })
    }

    /// Reads what the type writes: as [`Duration::parse`], with a `-` before what a subtraction took below zero.
    #[must_use]
    pub fn parse_signed(text: &str) -> Option<Self> {
        match text.strip_prefix('-') {
            None => Self::parse(text),
            Some(rest) => sum_of_units(rest, &DURATION_UNITS, -1).map(|milliseconds| Self { milliseconds }),
        }
    }

    /// As the standard library's duration; negative ones are zero.
    #[must_use]
    pub fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_millis(u64::try_from(self.milliseconds).unwrap_or(0))
    }
}

impl Size {
    /// Reads `512KB`: digits and one unit. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::with_sign(text, 1)
    }

    /// Reads what the type writes: as [`Size::parse`], with a `-` before what a subtraction took below zero.
    #[must_use]
    pub fn parse_signed(text: &str) -> Option<Self> {
        match text.strip_prefix('-') {
            None => Self::parse(text),
            Some(rest) => Self::with_sign(rest, -1),
        }
    }

    fn with_sign(text: &str, sign: i64) -> Option<Self> {
        let units = text.bytes().filter(u8::is_ascii_alphabetic).count();
        let bytes = sum_of_units(text, &SIZE_UNITS, sign)?;
        (units <= 2 && !text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).contains(|c: char| c.is_ascii_alphabetic()))
            .then_some(Self { bytes })
    }
}

impl fmt::Display for Duration {
    /// Writes the canonical form, which [`Duration::parse`] reads back: `90s` becomes `1m30s`, nothing `0s`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.milliseconds == 0 {
            return formatter.write_str("0s");
        }
        if self.milliseconds < 0 {
            formatter.write_str("-")?;
        }
        let mut rest = self.milliseconds.unsigned_abs();
        for (unit, worth) in DURATION_UNITS {
            let worth = worth.unsigned_abs();
            if rest >= worth {
                write!(formatter, "{}{unit}", rest / worth)?;
                rest %= worth;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Size {
    /// Writes the largest unit that divides the size: `65536` becomes `64KB`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = SIZE_UNITS.into_iter().find(|(_, worth)| self.bytes != 0 && self.bytes % worth == 0);
        let (unit, worth) = unit.unwrap_or(("B", 1));
        write!(formatter, "{}{unit}", self.bytes / worth)
    }
}

/// Adds up `digits unit` groups whose units come in the order of `units`, times `sign`: there is one more below zero than above.
fn sum_of_units(text: &str, units: &[(&str, i64)], sign: i64) -> Option<i64> {
    let mut rest = text;
    let mut allowed = units;
    let mut sum = 0_i64;
    while !rest.is_empty() {
        let (number, after) = rest.split_at_checked(rest.find(|c: char| !c.is_ascii_digit() && c != '_')?)?;
        let (unit, behind) = after.split_at_checked(after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len()))?;
        let place = allowed.iter().position(|(name, _)| *name == unit)?;
        let (_, worth) = allowed.get(place)?;
        let number: i64 = number.replace('_', "").parse().ok()?;
        sum = sum.checked_add(number.checked_mul(sign * *worth)?)?;
        allowed = allowed.get(place + 1..)?;
        rest = behind;
    }
    (!text.is_empty()).then_some(sum)
}
