use std::time::Duration;

use super::ConfigError;

pub(super) const MOST_CALLS: u32 = 10_000;
/// Who goes next is looked for among all who wait.
pub(super) const MOST_WAITING: usize = 1024;
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(60);
pub(super) const LONGEST: Duration = Duration::from_secs(86_400);

/// How a limiter decides. Made by [`LoadConfig::builder`], which does not make one that makes no sense.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LoadConfig {
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) initial: u32,
    pub(super) reserved: f64,
    pub(super) control: u32,
    pub(super) waiting: usize,
    pub(super) wait: Duration,
    pub(super) probe_every: Duration,
    pub(super) given_up_after: Duration,
}

impl LoadConfig {
    /// With the defaults that its functions name.
    pub const fn builder() -> LoadConfigBuilder {
        LoadConfigBuilder {
            config: Self {
                min: 2,
                max: 1000,
                initial: 20,
                reserved: 0.3,
                control: 64,
                waiting: 128,
                wait: Duration::from_millis(500),
                probe_every: Duration::from_secs(30),
                given_up_after: Duration::from_secs(1),
            },
        }
    }
}

/// See [`LoadConfig::builder`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct LoadConfigBuilder {
    config: LoadConfig,
}

impl LoadConfigBuilder {
    /// The limit is at least `min` and at most `max` calls, within 1 to 10,000; it begins at `initial`. Default: 2, 1000, 20.
    pub const fn limits(mut self, min: u32, initial: u32, max: u32) -> Self {
        self.config.min = min;
        self.config.initial = initial;
        self.config.max = max;
        self
    }

    /// That share of the limit is not for [`Batch`](super::Priority::Batch): at least 0, below 1. Default: 0.3.
    pub const fn reserved(mut self, share: f64) -> Self {
        self.config.reserved = share;
        self
    }

    /// So many calls of [`Control`](super::Priority::Control) at once, beside the limit: 1 to 10,000. Default: 64.
    pub const fn control(mut self, calls: u32) -> Self {
        self.config.control = calls;
        self
    }

    /// Up to `waiting` calls (0 to 1,024) wait, each for `wait` (up to a minute). Default: 128 for 500 ms. With 0 there is no
    /// fairness either: it is in who waits that one can choose.
    pub const fn queue(mut self, waiting: usize, wait: Duration) -> Self {
        self.config.waiting = waiting;
        self.config.wait = wait;
        self
    }

    /// How long a limiter under load believes what it knows of the time that calls take without. Default: 30 s.
    pub const fn probe_every(mut self, time: Duration) -> Self {
        self.config.probe_every = time;
        self
    }

    /// A call that is dropped after that time was given up for lack of an answer, which is overload; one that is dropped before
    /// says nothing. Default: 1 s.
    pub const fn given_up_after(mut self, time: Duration) -> Self {
        self.config.given_up_after = time;
        self
    }

    pub fn build(self) -> Result<LoadConfig, ConfigError> {
        let config = self.config;
        let LoadConfig { min, initial, max, .. } = config;
        if min == 0 || max > MOST_CALLS || !(min..=max).contains(&initial) {
            return Err(ConfigError::Limits { min, initial, max });
        }
        if !(0.0..1.0).contains(&config.reserved) {
            let share = config.reserved;
            return Err(ConfigError::Reserved { share });
        }
        if !(1..=MOST_CALLS).contains(&config.control) {
            let calls = config.control;
            return Err(ConfigError::Control { calls });
        }
        if config.waiting > MOST_WAITING {
            let waiting = config.waiting;
            return Err(ConfigError::Waiting { waiting });
        }
        if config.waiting > 0 && (config.wait.is_zero() || config.wait > LONGEST_WAIT) {
            return Err(ConfigError::Wait { wait: config.wait });
        }
        for (name, time) in [
            ("probe_every", config.probe_every),
            ("given_up_after", config.given_up_after),
        ] {
            if time.is_zero() || time > LONGEST {
                return Err(ConfigError::Time { name, time });
            }
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        let new = LoadConfig::builder;
        let errors = [
            new().limits(0, 1, 2).build(),
            new().limits(2, 1, 3).build(),
            new().limits(2, 4, 3).build(),
            new().limits(1, 2, 10_001).build(),
            new().reserved(1.0).build(),
            new().reserved(f64::NAN).build(),
            new().control(0).build(),
            new().queue(1025, Duration::from_secs(1)).build(),
            new().queue(1, Duration::ZERO).build(),
            new().queue(1, Duration::from_secs(61)).build(),
            new().probe_every(Duration::ZERO).build(),
            new().given_up_after(Duration::MAX).build(),
        ];
        let said = errors.map(|error| error.unwrap_err().to_string()).join("\n");
        insta::assert_snapshot!(said);
        assert!(new().build().is_ok());
        assert!(new().queue(0, Duration::ZERO).build().is_ok());
    }
}
