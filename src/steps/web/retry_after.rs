//! `Retry-After`: how long a server asks to wait.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use wf_model::unit::Duration;

/// Reads the header: seconds, or a date as HTTP writes it, which counts from `now`. `None` for anything else.
pub(crate) fn retry_after(header: &str, now: Timestamp) -> Option<Duration> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds are a very long time.
        return Some(Duration::from_seconds(header.parse().unwrap_or(i64::MAX)));
    }
    let date = DateTimeParser::new().parse_timestamp(header).ok()?;
    let milliseconds = date.as_millisecond().saturating_sub(now.as_millisecond());
    Some(Duration { milliseconds: milliseconds.max(0) })
}

#[cfg(test)]
mod tests {
    use super::retry_after;
    use jiff::Timestamp;
    use proptest::prelude::*;
    use wf_model::unit::Duration;

    #[test]
    fn seconds_and_dates_are_read() {
        let now = "1994-11-06T08:49:30Z".parse().unwrap();
        let read = |header| retry_after(header, now);
        assert_eq!(read("120"), Some(Duration::from_seconds(120)));
        assert_eq!(read(" 0 "), Some(Duration::default()));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_seconds(7)));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:00 GMT"), Some(Duration::default()));
        assert!(read("99999999999999999999").is_some_and(|delay| delay > Duration::from_seconds(1 << 40)));
        for text in ["", "-1", "1.5", "soon", "06.11.1994"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_a_wait_or_none(header in "\\PC*|[0-9]{1,40}|[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4,6} [0-9:]{8} [A-Z]{3}") {
            let wait = retry_after(&header, Timestamp::UNIX_EPOCH);
            prop_assert!(wait.is_none_or(|wait| wait >= Duration::default()));
        }
    }
}
