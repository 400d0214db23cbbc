//! How long something took, time and again.

use wf_model::unit::Duration;

/// Times beside which the latest one can be slow.
const ENOUGH: usize = 4;

/// Times of which a trend says more than chance.
const TREND: usize = 8;

/// What is longer than others by less than this is not slow to anybody, in milliseconds.
const NOTICED: i64 = 1000;

/// Durations, in the order in which they came to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Took {
    times: Vec<i64>,
}

/// What is told of durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    /// Half of them are no longer.
    pub(super) p50: Duration,
    /// Nine of ten are no longer.
    pub(super) p90: Duration,
    /// 99 of a hundred are no longer.
    pub(super) p99: Duration,
    /// By how many percent the later half is longer than the earlier one, by their medians.
    pub(super) trend: Option<i64>,
}

/// The latest of durations, where it is far longer than those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slow {
    /// The latest.
    pub(super) took: Duration,
    /// Nine of ten before were no longer.
    pub(super) usual: Duration,
}

impl Took {
    /// Takes the next one in.
    pub(super) fn add(&mut self, duration: Duration) {
        self.times.push(duration.milliseconds.max(0));
    }

    /// What is told of them; nothing where there are none.
    pub(super) fn summary(&self) -> Option<Summary> {
        let sorted = sorted(&self.times);
        let of = |permille| quantile(&sorted, permille);
        Some(Summary { p50: of(500)?, p90: of(900)?, p99: of(990)?, trend: self.trend() })
    }

    fn trend(&self) -> Option<i64> {
        if self.times.len() < TREND {
            return None;
        }
        let (earlier, later) = self.times.split_at(self.times.len() / 2);
        let median = |times: &[i64]| quantile(&sorted(times), 500).map(|median| median.milliseconds);
        let (earlier, later) = (median(earlier)?, median(later)?);
        let change = i128::from(later - earlier) * 100;
        (earlier > 0).then(|| i64::try_from(change / i128::from(earlier)).unwrap_or(i64::MAX))
    }

    /// The latest, where it is at least half as long again as nine of ten before.
    pub(super) fn slow(&self) -> Option<Slow> {
        let (latest, earlier) = self.times.split_last()?;
        if earlier.len() < ENOUGH {
            return None;
        }
        let usual = quantile(&sorted(earlier), 900)?;
        let is_slow = latest - usual.milliseconds >= NOTICED.max(usual.milliseconds / 2);
        is_slow.then_some(Slow { took: Duration { milliseconds: *latest }, usual })
    }
}

fn sorted(times: &[i64]) -> Vec<i64> {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted
}

/// The duration that so many of a thousand do not exceed (nearest rank).
fn quantile(sorted: &[i64], permille: usize) -> Option<Duration> {
    let rank = (sorted.len() * permille).div_ceil(1000).max(1);
    sorted.get(rank - 1).map(|milliseconds| Duration { milliseconds: *milliseconds })
}

#[cfg(test)]
mod tests {
    use super::{Slow, Took};
    use wf_model::unit::Duration;

    fn took(times: impl IntoIterator<Item = i64>) -> Took {
        let mut took = Took::default();
        times.into_iter().for_each(|milliseconds| took.add(Duration { milliseconds }));
        took
    }

    #[test]
    fn quantiles_are_durations_that_came_to_be() {
        let summary = took((1..=1000).rev()).summary().unwrap();
        assert_eq!([summary.p50, summary.p90, summary.p99].map(|found| found.milliseconds), [500, 900, 990]);
        let one = took([7]).summary().unwrap();
        assert_eq!(([one.p50, one.p90, one.p99].map(|found| found.milliseconds), one.trend), ([7, 7, 7], None));
        assert_eq!(took([]).summary(), None);
    }

    #[test]
    fn a_trend_compares_the_halves() {
        assert_eq!(took([100, 100, 90, 100, 150, 7, 150, 150]).summary().unwrap().trend, Some(50));
        assert_eq!(took([200, 210, 200, 190, 5, 100, 100, 100, 100]).summary().unwrap().trend, Some(-50));
        assert_eq!(took([0, 0, 0, 0, 5, 5, 5, 5]).summary().unwrap().trend, None);
        assert_eq!(took([100, 100, 100, 150, 150, 150]).summary().unwrap().trend, None, "too few");
    }

    #[test]
    fn the_latest_is_slow_beside_enough_others() {
        let slow = |took, usual| Some(Slow { took: Duration { milliseconds: took }, usual: Duration { milliseconds: usual } });
        assert_eq!(took([100, 100, 200, 100, 1200]).slow(), slow(1200, 200));
        assert_eq!(took([100, 100, 100, 100, 900]).slow(), None, "too little to notice");
        assert_eq!(took([9000, 9000, 9000, 9000, 11000]).slow(), None, "not half as long again");
        assert_eq!(took([100, 100, 100, 9000]).slow(), None, "too few");
    }
}
