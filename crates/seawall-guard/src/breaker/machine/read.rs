use std::sync::Arc;

use tokio::time::Instant;

use super::{Machine, Phase};
use crate::breaker::State;
use crate::breaker::snapshot::{Counts, Probes, Snapshot, Thresholds};
use crate::breaker::window::Sums;

impl Machine {
    /// As of the last look at the clock.
    pub(in crate::breaker) const fn state(&self) -> State {
        self.phase.state()
    }

    pub(in crate::breaker) fn snapshot(&mut self, now: Instant) -> Snapshot {
        self.settle(now);
        // What was counted when it opened is why it is open, and stays to be seen.
        if self.phase.admits_all() {
            self.tally.roll(now);
        }
        let probes = self.probes();
        let sums = match self.phase {
            Phase::HalfOpen { ended, .. } => ended,
            _ => self.tally.sums(),
        };
        Snapshot {
            name: Arc::clone(&self.name),
            state: self.phase.state(),
            cause: self.cause,
            since: now.saturating_duration_since(self.since),
            counts: self.counts(sums),
            failure_ratio: sums.failure_ratio(),
            slow_ratio: sums.slow_ratio(),
            thresholds: self.thresholds(),
            probes,
            time_to_half_open: self.time_to_half_open(now),
            consecutive_openings: self.openings,
            totals: self.totals,
        }
    }

    const fn counts(&self, sums: Sums) -> Counts {
        Counts {
            calls: sums.calls,
            failures: sums.failed,
            slow: sums.slow,
            consecutive_failures: self.row,
        }
    }

    fn thresholds(&self) -> Thresholds {
        Thresholds {
            failure_ratio: self.config.failure_ratio,
            slow_ratio: self.config.slow.map(|slow| slow.ratio),
            slow_from: self.config.slow.map(|slow| slow.from),
            consecutive_failures: self.config.consecutive_failures,
            minimum_calls: self.config.minimum_calls,
        }
    }

    fn probes(&self) -> Option<Probes> {
        let Phase::HalfOpen { under_way, ended, .. } = self.phase else {
            return None;
        };
        Some(Probes {
            permitted: self.config.permits,
            under_way,
            ended: u32::try_from(ended.calls).unwrap_or(u32::MAX),
        })
    }
}
