//! What could not be done and is passed over for a while: what always fails keeps nobody else back.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use seawall_store::StoreError;
use tokio::time::Instant;

const FIRST_RETRY: Duration = Duration::from_millis(50);
const LAST_RETRY: Duration = Duration::from_secs(5);
/// After what does not pass by itself.
const HOPELESS: Duration = Duration::from_secs(60);
/// Beyond, nothing more is remembered.
const MAX: usize = 10_000;

/// How long to wait after so many failures in a row before the last one.
pub(super) fn backoff(failures: u32) -> Duration {
    FIRST_RETRY.saturating_mul(1 << failures.min(10)).min(LAST_RETRY)
}

pub(super) struct Stuck<K>(HashMap<K, Setback>);

/// So many failures in a row.
struct Setback {
    failures: u32,
    again: Instant,
}

/// What became of a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum PassedOver {
    /// For the first time in a row.
    Newly,
    Again,
    /// There are too many already: it is tried again at once.
    No,
}

impl<K> Default for Stuck<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Copy + Eq + Hash> Stuck<K> {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Forgets all others.
    pub(super) fn retain(&mut self, is_there: impl Fn(&K) -> bool) {
        self.0.retain(|key, _| is_there(key));
    }

    /// It is not to be tried yet.
    pub(super) fn waits(&self, key: &K) -> bool {
        self.0.get(key).is_some_and(|stuck| stuck.again > Instant::now())
    }

    pub(super) fn succeeded(&mut self, key: &K) {
        self.0.remove(key);
    }

    pub(super) fn failed(&mut self, key: K, error: &StoreError) -> PassedOver {
        if self.0.len() >= MAX && !self.0.contains_key(&key) {
            return PassedOver::No;
        }
        let now = Instant::now();
        let stuck = self.0.entry(key).or_insert(Setback {
            failures: 0,
            again: now,
        });
        let rest = if error.is_temporary() {
            backoff(stuck.failures)
        } else {
            HOPELESS
        };
        stuck.again = now + rest;
        stuck.failures = stuck.failures.saturating_add(1);
        match stuck.failures {
            1 => PassedOver::Newly,
            _ => PassedOver::Again,
        }
    }

    /// In how long the next one may be tried again.
    pub(super) fn next(&self) -> Option<Duration> {
        let now = Instant::now();
        let rests = self.0.values().map(|stuck| stuck.again.saturating_duration_since(now));
        rests.min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_fails_again_waits_longer_and_what_is_hopeless_a_minute() {
        let mut stuck = Stuck::default();
        let mut rests = Vec::new();
        for _ in 0..9 {
            stuck.failed(1, &StoreError::Busy);
            rests.push(stuck.next().expect("it failed"));
        }
        assert!(
            rests.is_sorted() && rests[0] == FIRST_RETRY && rests[8] == LAST_RETRY,
            "{rests:?}"
        );
        tokio::time::sleep(LAST_RETRY).await;
        assert!(!stuck.waits(&1));
        assert_eq!(stuck.failed(2, &StoreError::NotFound), PassedOver::Newly);
        assert_eq!(stuck.failed(2, &StoreError::NotFound), PassedOver::Again);
        tokio::time::sleep(HOPELESS - FIRST_RETRY).await;
        assert!(stuck.waits(&2));
        stuck.succeeded(&2);
        assert_eq!(
            stuck.failed(2, &StoreError::NotFound),
            PassedOver::Newly,
            "it had been done"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_are_remembered_than_fit() {
        let mut stuck = Stuck::default();
        for key in 0..MAX {
            assert_eq!(stuck.failed(key, &StoreError::Busy), PassedOver::Newly);
        }
        assert_eq!(stuck.failed(MAX, &StoreError::Busy), PassedOver::No);
        assert_eq!((stuck.len(), stuck.waits(&MAX)), (MAX, false));
        assert_eq!(stuck.failed(0, &StoreError::Busy), PassedOver::Again);
    }
}
