use std::time::Duration;

use super::ConfigError;
use super::backoff::Backoff;

/// A byte of memory for each, made at once.
pub(super) const MOST_CALLS: usize = 1_000_000;
pub(super) const MOST_BUCKETS: usize = 128;
pub(super) const MOST_PROBES: u32 = 10_000;
/// For every time that is set. Far below what a clock can add up.
pub(super) const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// Which calls the ratios are taken over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Window {
    /// The last so many calls, exactly: 1 to 1,000,000, a byte of memory each.
    Calls(usize),
    /// The calls of the last `length`, to the accuracy of a bucket: the oldest of 1 to 128 is dropped as a whole.
    Time { length: Duration, buckets: usize },
}

/// What follows when the probes have not decided in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AfterHalfOpen {
    /// Another opening: whoever does not answer probes is not well.
    Open,
    /// For calls that take longer than a breaker should wait for.
    Close,
}

/// How a breaker decides. Made by [`BreakerConfig::builder`], which does not make one that makes no sense.
#[derive(Clone, Debug)]
pub struct BreakerConfig {
    pub(super) window: Window,
    pub(super) minimum_calls: u64,
    pub(super) failure_ratio: Option<f64>,
    pub(super) slow: Option<SlowCalls>,
    pub(super) consecutive_failures: Option<u64>,
    pub(super) backoff: Backoff,
    pub(super) permits: u32,
    pub(super) half_open_at_most: Duration,
    pub(super) after_half_open: AfterHalfOpen,
    pub(super) retry_after_at_most: Duration,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct SlowCalls {
    pub(super) from: Duration,
    pub(super) ratio: f64,
}

impl BreakerConfig {
    /// With the defaults that its functions name.
    pub const fn builder() -> BreakerConfigBuilder {
        BreakerConfigBuilder {
            config: Self {
                window: Window::Calls(100),
                minimum_calls: 20,
                failure_ratio: None,
                slow: None,
                consecutive_failures: None,
                backoff: Backoff {
                    first: Duration::from_secs(10),
                    factor: 2.0,
                    longest: Duration::from_secs(300),
                    jitter: 0.1,
                },
                permits: 3,
                half_open_at_most: Duration::from_secs(60),
                after_half_open: AfterHalfOpen::Open,
                retry_after_at_most: Duration::from_secs(300),
            },
        }
    }
}

impl Default for BreakerConfig {
    /// Half of the last 100 calls failed, of 20 at least; open for 10 s to 5 min.
    fn default() -> Self {
        let mut config = Self::builder().config;
        config.failure_ratio = Some(0.5);
        config
    }
}

/// See [`BreakerConfig`]. One of `failure_ratio`, `slow_calls` and `consecutive_failures` has to be set; the rest has defaults.
#[derive(Clone, Debug)]
#[must_use]
pub struct BreakerConfigBuilder {
    config: BreakerConfig,
}

impl BreakerConfigBuilder {
    /// What the ratios are taken over; the last 100 calls by default.
    pub const fn window(mut self, window: Window) -> Self {
        self.config.window = window;
        self
    }

    /// The ratios say nothing before so many calls are in the window; 20 by default.
    pub const fn minimum_calls(mut self, calls: u64) -> Self {
        self.config.minimum_calls = calls;
        self
    }

    /// Opens when so great a part of the window's calls failed: above 0, at most 1. Probes are held against it too; without it,
    /// one failed probe is too many.
    pub const fn failure_ratio(mut self, ratio: f64) -> Self {
        self.config.failure_ratio = Some(ratio);
        self
    }

    /// Opens when so great a part of the window's calls took `from` or longer, good or not. Probes are held against it too. It
    /// costs two looks at the clock for each call.
    pub const fn slow_calls(mut self, from: Duration, ratio: f64) -> Self {
        self.config.slow = Some(SlowCalls { from, ratio });
        self
    }

    /// Opens when so many calls failed in a row, whatever the window holds.
    pub const fn consecutive_failures(mut self, failures: u64) -> Self {
        self.config.consecutive_failures = Some(failures);
        self
    }

    /// How long it is open the first time; 10 s by default.
    pub const fn open_for(mut self, first: Duration) -> Self {
        self.config.backoff.first = first;
        self
    }

    /// By how much it is open longer each time it opens without having been closed in between, and at most for how long; by
    /// default twice as long, and 5 min.
    pub const fn open_growth(mut self, factor: f64, longest: Duration) -> Self {
        self.config.backoff.factor = factor;
        self.config.backoff.longest = longest;
        self
    }

    /// Up to which part of it the open time is shortened at random, so that many do not come back in step; 0.1 by default.
    pub const fn jitter(mut self, jitter: f64) -> Self {
        self.config.backoff.jitter = jitter;
        self
    }

    /// Half-open, so many probes pass and decide together; 3 by default.
    pub const fn half_open_permits(mut self, permits: u32) -> Self {
        self.config.permits = permits;
        self
    }

    /// How long it is half-open at most, and what it is then; by default 60 s, then open. Probes that are still under way then
    /// are given up: they neither count nor stand in the way of later ones.
    pub const fn half_open_at_most(mut self, time: Duration, then: AfterHalfOpen) -> Self {
        self.config.half_open_at_most = time;
        self.config.after_half_open = then;
        self
    }

    /// A Retry-After beyond this counts as this; 5 min by default.
    pub const fn retry_after_at_most(mut self, time: Duration) -> Self {
        self.config.retry_after_at_most = time;
        self
    }

    /// # Errors
    ///
    /// The first value that makes no sense.
    pub fn build(self) -> Result<BreakerConfig, ConfigError> {
        let config = self.config;
        config.check_window()?;
        config.check_thresholds()?;
        config.check_backoff()?;
        if !(1..=MOST_PROBES).contains(&config.permits) {
            let permits = config.permits;
            return Err(ConfigError::Permits { permits });
        }
        time("half_open_at_most", config.half_open_at_most)?;
        time("retry_after_at_most", config.retry_after_at_most)?;
        Ok(config)
    }
}

impl BreakerConfig {
    fn check_window(&self) -> Result<(), ConfigError> {
        match self.window {
            Window::Calls(calls) if !(1..=MOST_CALLS).contains(&calls) => Err(ConfigError::WindowCalls { calls }),
            Window::Calls(calls) if self.minimum_calls > calls as u64 => Err(ConfigError::MinimumCalls {
                minimum: self.minimum_calls,
                calls: calls as u64,
            }),
            Window::Time { length, buckets }
                if !(1..=MOST_BUCKETS).contains(&buckets) || length < Duration::from_millis(buckets as u64) =>
            {
                Err(ConfigError::WindowBuckets { length, buckets })
            }
            Window::Time { length, .. } => time("window", length),
            Window::Calls(_) => Ok(()),
        }
    }

    fn check_thresholds(&self) -> Result<(), ConfigError> {
        if self.failure_ratio.is_none() && self.slow.is_none() && self.consecutive_failures.is_none() {
            return Err(ConfigError::NeverOpens);
        }
        if let Some(ratio) = self.failure_ratio {
            check_ratio("failure_ratio", ratio)?;
        }
        if let Some(slow) = self.slow {
            check_ratio("slow_calls", slow.ratio)?;
            time("slow_calls", slow.from)?;
        }
        if self.minimum_calls == 0 {
            return Err(ConfigError::Zero { name: "minimum_calls" });
        }
        if self.consecutive_failures == Some(0) {
            return Err(ConfigError::Zero {
                name: "consecutive_failures",
            });
        }
        Ok(())
    }

    fn check_backoff(&self) -> Result<(), ConfigError> {
        let Backoff {
            first,
            factor,
            longest,
            jitter,
        } = self.backoff;
        time("open_for", first)?;
        time("open_growth", longest)?;
        if !(1.0..=1000.0).contains(&factor) {
            return Err(ConfigError::Growth { factor });
        }
        if longest < first {
            return Err(ConfigError::GrowthEnds { first, longest });
        }
        if !(0.0..1.0).contains(&jitter) {
            return Err(ConfigError::Jitter { jitter });
        }
        Ok(())
    }
}

/// False for what is no number, too.
fn check_ratio(name: &'static str, ratio: f64) -> Result<(), ConfigError> {
    match ratio > 0.0 && ratio <= 1.0 {
        true => Ok(()),
        false => Err(ConfigError::Ratio { name, ratio }),
    }
}

fn time(name: &'static str, time: Duration) -> Result<(), ConfigError> {
    match time {
        Duration::ZERO => Err(ConfigError::Zero { name }),
        _ if time > LONGEST => Err(ConfigError::TooLong { name, time }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(change: impl FnOnce(BreakerConfigBuilder) -> BreakerConfigBuilder) -> Result<BreakerConfig, ConfigError> {
        change(BreakerConfig::builder().failure_ratio(0.5)).build()
    }

    #[test]
    fn the_default_makes_sense() {
        let default = BreakerConfig::default();
        assert!(BreakerConfigBuilder { config: default }.build().is_ok());
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        let second = Duration::from_secs(1);
        let long = LONGEST + second;
        let time = |length, buckets| Window::Time { length, buckets };
        let refused = [
            BreakerConfig::builder().build(),
            of(|b| b.failure_ratio(0.0)),
            of(|b| b.failure_ratio(1.01)),
            of(|b| b.failure_ratio(f64::NAN)),
            of(|b| b.slow_calls(second, -1.0)),
            of(|b| b.slow_calls(Duration::ZERO, 0.5)),
            of(|b| b.window(Window::Calls(0))),
            of(|b| b.window(Window::Calls(MOST_CALLS + 1))),
            of(|b| b.window(Window::Calls(19))),
            of(|b| b.window(time(second, 0))),
            of(|b| b.window(time(Duration::from_millis(9), 10))),
            of(|b| b.window(time(long, 10))),
            of(|b| b.minimum_calls(0)),
            of(|b| b.consecutive_failures(0)),
            of(|b| b.open_for(Duration::ZERO)),
            of(|b| b.open_for(long)),
            of(|b| b.open_for(second * 301)),
            of(|b| b.open_growth(0.9, second * 300)),
            of(|b| b.open_growth(f64::INFINITY, second * 300)),
            of(|b| b.jitter(1.0)),
            of(|b| b.half_open_permits(0)),
            of(|b| b.half_open_at_most(Duration::ZERO, AfterHalfOpen::Open)),
            of(|b| b.retry_after_at_most(long)),
        ];
        let refused: Vec<_> = refused
            .into_iter()
            .map(|result| result.map_or_else(|error| error.to_string(), |_| "taken".to_owned()))
            .collect();
        insta::assert_snapshot!(refused.join("\n"));
    }

    #[test]
    fn the_ends_of_each_range_are_taken() {
        let time = Window::Time {
            length: Duration::from_millis(128),
            buckets: 128,
        };
        let taken = [
            of(|b| b.failure_ratio(1.0).window(Window::Calls(1)).minimum_calls(1)),
            of(|b| b.window(Window::Calls(MOST_CALLS)).minimum_calls(1_000_000)),
            of(|b| b.window(time).minimum_calls(u64::MAX)),
            of(|b| b.open_for(LONGEST).open_growth(1.0, LONGEST).jitter(0.0)),
            of(|b| b.half_open_permits(MOST_PROBES).retry_after_at_most(LONGEST)),
        ];
        for result in taken {
            assert!(result.is_ok(), "{result:?}");
        }
    }
}
