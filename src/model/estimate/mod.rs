//! How long things take: distributions of durations, from what is known of them.

mod times;

pub use times::{RunTimes, StepTimes, Stopwatch};

use crate::unit::Duration;
use serde::{Deserialize, Serialize};

/// Where the estimate of a step comes from, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "basis")]
pub enum Basis {
    /// It is known: a `sleep`, or a step that need not run.
    Known,
    /// So many earlier runs of the same step.
    History {
        /// How many.
        runs: u32,
    },
    /// So many earlier runs of a step of this name, which was another one then.
    Former {
        /// How many.
        runs: u32,
    },
    /// Its `estimate`.
    Clause,
    /// What steps of its kind usually take.
    Prior,
}

impl Basis {
    /// How many earlier runs it rests on.
    #[must_use]
    pub const fn runs(self) -> u32 {
        match self {
            Self::History { runs } | Self::Former { runs } => runs,
            Self::Known | Self::Clause | Self::Prior => 0,
        }
    }
}

/// How long something takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Always so long.
    Fixed(Duration),
    /// Half of all times no longer than the median, nine of ten no longer than `ratio` times that (log-logistic).
    Spread {
        /// The median.
        median: Duration,
        /// P90 over P50, at least one.
        ratio: f64,
    },
    /// As often as it was seen.
    Seen(Samples),
}

/// No draw lies further out: a simulation of few hundred draws knows nothing of the tails.
const OUTERMOST: f64 = 0.02;

impl Distribution {
    /// The duration that a share `u` of all does not exceed, in milliseconds; `u` from zero to one.
    #[must_use]
    pub fn quantile(&self, u: f64) -> f64 {
        match self {
            Self::Fixed(duration) => milliseconds(*duration),
            Self::Spread { median, ratio } => milliseconds(*median) * spread(*ratio, u),
            Self::Seen(samples) => samples.quantile(u),
        }
    }

    /// The same, each so many times as long.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        match self {
            Self::Fixed(duration) => Self::Fixed(whole(milliseconds(*duration) * factor)),
            Self::Spread { median, ratio } => Self::Spread { median: whole(milliseconds(*median) * factor), ratio: *ratio },
            Self::Seen(samples) => Self::Seen(samples.map(|took| took * factor)),
        }
    }

    /// How much longer it takes where it has taken so long already; what takes longer than was ever seen takes a tenth more.
    #[must_use]
    pub fn after(&self, elapsed: Duration) -> Self {
        let elapsed = milliseconds(elapsed);
        let left = (1..100).map(|percent| self.quantile(f64::from(percent) / 100.0) - elapsed);
        let left: Vec<f64> = left.filter(|left| *left > 0.0).collect();
        if left.is_empty() { Self::Fixed(whole(elapsed / 10.0)) } else { Self::Seen(Samples::equal(left)) }
    }

    /// The same as whole milliseconds.
    #[must_use]
    pub fn duration(&self, u: f64) -> Duration {
        whole(self.quantile(u))
    }
}

/// What the median is to be multiplied with at a quantile of a log-logistic distribution.
fn spread(ratio: f64, u: f64) -> f64 {
    let u = u.clamp(OUTERMOST, 1.0 - OUTERMOST);
    (ratio.max(1.0).ln() * (u / (1.0 - u)).ln() / 9.0_f64.ln()).exp()
}

#[expect(clippy::cast_precision_loss, reason = "durations of a run are far below 2^53 ms")]
fn milliseconds(duration: Duration) -> f64 {
    duration.milliseconds.max(0) as f64
}

/// Milliseconds as a duration; what is no number is nothing.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "a cast from float saturates")]
pub fn whole(milliseconds: f64) -> Duration {
    Duration { milliseconds: milliseconds.round() as i64 }
}

/// How long something took in earlier runs, with a weight for each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// Milliseconds and the sum of all weights up to there, ascending.
    ascending: Vec<(f64, f64)>,
}

/// What one earlier run says of a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// How many runs of the workflow began since, from zero.
    pub age: u32,
    /// How long its instances took, or some of them where there were many; in milliseconds.
    pub took: Vec<f64>,
}

/// After so many further runs a run weighs half.
const HALF_LIFE: f64 = 10.0;

/// P90 over P50 of what a next run takes, where one earlier run is known; less where there are more.
const DOUBT: f64 = 1.3;

/// At which shares of it the doubt about a sample is looked at.
const AROUND: [f64; 5] = [0.1, 0.3, 0.5, 0.7, 0.9];

impl Samples {
    /// Puts together what earlier runs say; `None` where they say nothing.
    #[must_use]
    pub fn of(seen: &[Seen]) -> Option<Self> {
        let runs = seen.iter().filter(|seen| !seen.took.is_empty());
        let count = f64::from(u32::try_from(runs.clone().count()).unwrap_or(u32::MAX));
        let doubt = 1.0 + (DOUBT - 1.0) / count.max(1.0).sqrt();
        let mut weighed: Vec<(f64, f64)> = Vec::new();
        for Seen { age, took } in runs {
            let each = 0.5_f64.powf(f64::from(*age) / HALF_LIFE) / f64::from(u32::try_from(took.len()).unwrap_or(u32::MAX));
            weighed.extend(took.iter().flat_map(|took| AROUND.map(|u| (took.max(0.0) * spread(doubt, u), each))));
        }
        weighed.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let mut sum = 0.0;
        for (_, weight) in &mut weighed {
            sum += *weight;
            *weight = sum;
        }
        (sum > 0.0).then_some(Self { ascending: weighed })
    }

    /// Times that weigh the same.
    fn equal(mut took: Vec<f64>) -> Self {
        took.sort_by(f64::total_cmp);
        let mut sum = 0.0;
        let weighed = took.into_iter().map(|took| {
            sum += 1.0;
            (took, sum)
        });
        Self { ascending: weighed.collect() }
    }

    fn map(&self, change: impl Fn(f64) -> f64) -> Self {
        Self { ascending: self.ascending.iter().map(|(took, sum)| (change(*took), *sum)).collect() }
    }

    fn quantile(&self, u: f64) -> f64 {
        let total = self.ascending.last().map_or(0.0, |(_, sum)| *sum);
        let wanted = u.clamp(0.0, 1.0) * total;
        let at = self.ascending.partition_point(|(_, sum)| *sum < wanted);
        self.ascending.get(at).or(self.ascending.last()).map_or(0.0, |(took, _)| *took)
    }
}

/// What steps of a kind take where nothing else is known; who waits for people waits as long as people take to look.
#[must_use]
pub fn prior(kind: &str) -> Distribution {
    let milliseconds = match kind {
        "shell" | "python" | "javascript" => 5_000,
        "http" => 500,
        "docker" => 30_000,
        "sql" => 200,
        "file" | "gate" | "sleep" => 10,
        "notify" => 1_000,
        "agent" => 20_000,
        "approval" | "signal" => 300_000,
        _ => 1_000,
    };
    Distribution::Spread { median: Duration { milliseconds }, ratio: 4.0 }
}

/// What a step takes that says so itself.
#[must_use]
pub const fn claimed(median: Duration) -> Distribution {
    Distribution::Spread { median, ratio: 1.5 }
}

#[cfg(test)]
mod tests {
    use super::{Distribution, Samples, Seen, claimed, prior};
    use crate::unit::Duration;

    fn samples(runs: &[(u32, &[f64])]) -> Samples {
        let seen: Vec<Seen> = runs.iter().map(|(age, took)| Seen { age: *age, took: took.to_vec() }).collect();
        Samples::of(&seen).unwrap()
    }

    #[test]
    fn half_of_all_are_no_longer_than_the_median_and_nine_of_ten_than_the_ratio_says() {
        let claimed = claimed(Duration::from_seconds(10));
        assert_eq!([0.5, 0.9].map(|u| claimed.duration(u).milliseconds), [10_000, 15_000]);
        assert_eq!([0.5, 0.9].map(|u| prior("shell").duration(u).milliseconds), [5_000, 20_000]);
        assert_eq!(Distribution::Fixed(Duration::from_seconds(3)).duration(0.9), Duration::from_seconds(3));
    }

    #[test]
    fn one_run_leaves_doubt_and_many_leave_little() {
        let width = |samples: &Samples| samples.quantile(0.9) / samples.quantile(0.5);
        let one = samples(&[(0, &[1_000.0])]);
        let many = samples(&[(0, &[1_000.0][..]); 25]);
        assert!((one.quantile(0.5) - 1_000.0).abs() < 1.0 && width(&one) > 1.25, "{one:?}");
        assert!(width(&many) < 1.1, "{many:?}");
    }

    #[test]
    fn recent_runs_weigh_more_and_each_run_as_much_as_another_of_its_age() {
        let recent = samples(&[(0, &[1_000.0]), (40, &[9_000.0])]);
        assert!(recent.quantile(0.8) < 2_000.0, "{recent:?}");
        let loops = samples(&[(0, &[1_000.0; 99]), (0, &[9_000.0])]);
        assert!(loops.quantile(0.8) > 8_000.0, "{loops:?}");
    }

    #[test]
    fn what_has_begun_takes_what_is_left_of_the_longer_times() {
        let samples = Distribution::Seen(samples(&[(0, &[1_000.0, 5_000.0])]));
        let left = samples.after(Duration::from_seconds(2));
        assert!((2_500..=3_500).contains(&left.duration(0.5).milliseconds), "{left:?}");
        assert_eq!(samples.after(Duration::from_seconds(100)).duration(0.9), Duration::from_seconds(10));
        assert_eq!(claimed(Duration::from_seconds(10)).scaled(0.5).duration(0.5), Duration::from_seconds(5));
    }

    #[test]
    fn nothing_seen_is_no_sample() {
        assert_eq!(Samples::of(&[]), None);
        assert_eq!(Samples::of(&[Seen { age: 0, took: Vec::new() }]), None);
    }
}
