//! Whether something came at the pace that a rate allows.

use seawall_engine::store::Timestamp;

/// What was let through, in order.
#[derive(Clone, Default)]
pub(super) struct Pace(Vec<Timestamp>);

impl Pace {
    pub(super) fn note(&mut self, at: Timestamp) {
        self.0.push(at);
    }

    /// The first stretch with more than a burst of `limit` and one each `per_ms / limit` after it. A clock that was set
    /// counts as a new beginning.
    pub(super) fn excess(&self, limit: u32, per_ms: i64) -> Option<(Timestamp, Timestamp, usize)> {
        let interval = per_ms / i64::from(limit);
        for (first, from) in self.0.iter().enumerate() {
            for (last, until) in self.0.iter().enumerate().skip(first) {
                if last > 0 && self.0[last] < self.0[last - 1] && last > first {
                    break;
                }
                let count = last - first + 1;
                let passed = until.as_millis() - from.as_millis();
                // Intervals are no whole milliseconds: one is let through a little early at worst.
                let allowed = i64::from(limit) + (passed + 1) / interval;
                if i64::try_from(count).expect("there are few") > allowed {
                    return Some((*from, *until, count));
                }
            }
        }
        None
    }
}
