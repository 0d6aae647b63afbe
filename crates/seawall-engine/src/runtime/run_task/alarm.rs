//! The timer of a run in memory.

use std::pin::Pin;
use std::time::Duration;

use seawall_store::Timestamp;
use tokio::time::{Instant, Sleep};

/// A wall clock that jumps is noticed within this time.
const LONGEST: Duration = Duration::from_secs(60);
/// After a tick that led to nothing although something seemed due.
const FRUITLESS: Duration = Duration::from_secs(1);

/// Keeps one sleeping timer from round to round as long as what it waits for stays the same.
#[derive(Default)]
pub(super) struct Alarm {
    at: Option<Timestamp>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    /// Arms it for `at`, or disarms it.
    pub(super) fn set(&mut self, at: Option<Timestamp>, now: Timestamp) {
        if self.at == at && (at.is_none() || self.sleep.is_some()) {
            return;
        }
        self.at = at;
        match at {
            Some(at) => self.sleep_for(at.since(now).min(LONGEST)),
            None => self.sleep = None,
        }
    }

    /// The tick led to nothing: not again at once.
    pub(super) fn rest(&mut self) {
        self.sleep_for(FRUITLESS);
    }

    pub(super) const fn is_set(&self) -> bool {
        self.at.is_some()
    }

    /// Resolves when the timer is over; whether the time has come is for the wall clock to say.
    pub(super) async fn rings(&mut self) {
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().await,
            None => std::future::pending().await,
        }
        self.sleep = None;
    }

    /// Whether the time that it was set for has come.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.at.is_some_and(|at| at <= now)
    }

    fn sleep_for(&mut self, time: Duration) {
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().reset(Instant::now() + time),
            None => self.sleep = Some(Box::pin(tokio::time::sleep(time))),
        }
    }
}
