//! Times as people write and read them.

use wf_model::event::Timestamp;
use wf_model::unit::Duration;
use wf_runtime::dispatcher::{RealWorld, World as _};

/// The time of this machine.
pub(crate) fn now() -> Timestamp {
    RealWorld { folder: std::path::PathBuf::new() }.now()
}

/// The time so long before another; an age without end is before all times.
pub(crate) const fn before(age: Duration, now: Timestamp) -> Timestamp {
    Timestamp { milliseconds: now.milliseconds.saturating_sub(age.milliseconds) }
}

/// A duration of the command line.
///
/// # Errors
/// Says how durations are written.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    Duration::parse(text).ok_or_else(|| "durations are written like `30d` or `12h`".to_owned())
}

/// A time as people of this machine read it.
pub(crate) fn local(time: Timestamp) -> String {
    let time = jiff::Timestamp::from_millisecond(time.milliseconds).unwrap_or_default();
    time.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A time as programs read it.
pub(crate) fn utc(time: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(time.milliseconds).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::before;
    use wf_model::event::Timestamp;
    use wf_model::unit::Duration;

    #[test]
    fn an_age_without_end_means_none() {
        assert!(before(Duration { milliseconds: i64::MAX }, Timestamp { milliseconds: 5 }).milliseconds < 0);
    }
}
