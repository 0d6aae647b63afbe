//! How long a run that waits for workers stays in memory.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// Counted from the run's last event. The timer is set when it is first waited for, and moved only when it rings: most runs
/// hear from their worker before.
pub(super) struct Linger {
    length: Duration,
    since: Instant,
    holds: bool,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Linger {
    pub(super) fn new(length: Duration) -> Self {
        Self {
            length,
            since: Instant::now(),
            holds: false,
            sleep: None,
        }
    }

    /// Something has happened.
    pub(super) fn restart(&mut self) {
        self.since = Instant::now();
    }

    pub(super) fn is_over(&self) -> bool {
        self.since.elapsed() >= self.length
    }

    /// Whether it is what keeps the run in memory.
    pub(super) const fn holding(&mut self, holds: bool) {
        self.holds = holds;
    }

    pub(super) const fn holds(&self) -> bool {
        self.holds
    }

    /// Resolves when the timer rings; whether it is over is another question.
    pub(super) async fn rings(&mut self) {
        let end = self.since + self.length;
        self.sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(end)))
            .as_mut()
            .await;
        self.sleep = None;
    }
}
