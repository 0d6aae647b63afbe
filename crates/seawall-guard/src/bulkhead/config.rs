use std::time::Duration;

use thiserror::Error;

const MOST_PERMITS: usize = 1_000_000;
const MOST_WAITING: usize = 1_000_000;
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// How many, and how long. The default is no queue: who finds no permit is refused at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BulkheadConfig {
    pub(super) permits: usize,
    pub(super) waiting: usize,
    pub(super) wait: Duration,
}

impl BulkheadConfig {
    /// That many calls at once, 1 to 1,000,000.
    pub const fn new(permits: usize) -> Result<Self, ConfigError> {
        if permits == 0 || permits > MOST_PERMITS {
            return Err(ConfigError::Permits { permits });
        }
        Ok(Self {
            permits,
            waiting: 0,
            wait: Duration::ZERO,
        })
    }

    /// Up to `waiting` calls (1 to 1,000,000) wait for a permit, each for `wait` (up to an hour).
    pub fn with_queue(self, waiting: usize, wait: Duration) -> Result<Self, ConfigError> {
        if waiting == 0 || waiting > MOST_WAITING {
            return Err(ConfigError::Waiting { waiting });
        }
        if wait.is_zero() || wait > LONGEST_WAIT {
            return Err(ConfigError::Wait { wait });
        }
        Ok(Self { waiting, wait, ..self })
    }
}

/// Why a configuration makes no sense.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ConfigError {
    #[error("there are {permits} permits: 1 to {MOST_PERMITS} are needed")]
    Permits { permits: usize },
    #[error("the queue holds {waiting}: it has to hold 1 to {MOST_WAITING}, or be left out")]
    Waiting { waiting: usize },
    #[error("calls wait for {wait:?}: it has to be above 0 and at most {LONGEST_WAIT:?}")]
    Wait { wait: Duration },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        let second = Duration::from_secs(1);
        let one = BulkheadConfig::new(1).unwrap();
        let errors = [
            BulkheadConfig::new(0),
            BulkheadConfig::new(1_000_001),
            one.with_queue(0, second),
            one.with_queue(1, Duration::ZERO),
            one.with_queue(1, 3601 * second),
        ];
        let said = errors.map(|error| error.unwrap_err().to_string()).join("\n");
        insta::assert_snapshot!(said, @r"
        there are 0 permits: 1 to 1000000 are needed
        there are 1000001 permits: 1 to 1000000 are needed
        the queue holds 0: it has to hold 1 to 1000000, or be left out
        calls wait for 0ns: it has to be above 0 and at most 3600s
        calls wait for 3601s: it has to be above 0 and at most 3600s
        ");
    }
}
