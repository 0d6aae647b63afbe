use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use crate::records::rate::Rate;
use crate::time::Timestamp;

/// Where workers take tasks from: 1 to 63 characters of `[a-z0-9._-]`. A queue needs no making: it is there with its first
/// task, and has settings only if somebody gave it some.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueName(Arc<str>);

impl QueueName {
    pub const MAX_LEN: usize = 63;

    /// None when `text` is no name of a queue.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
        let fits = !text.is_empty() && text.len() <= Self::MAX_LEN && text.bytes().all(allowed);
        fits.then(|| Self(Arc::from(text)))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no name of a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a queue is 1 to 63 characters of [a-z0-9._-]")]
pub struct QueueNameError;

impl FromStr for QueueName {
    type Err = QueueNameError;

    fn from_str(text: &str) -> Result<Self, QueueNameError> {
        Self::parse(text).ok_or(QueueNameError)
    }
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What holds for a whole queue. Everything None: no limit but the general ones.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct QueueSettings {
    /// Claimed tasks at once.
    pub concurrency: Option<u32>,
    /// Claimed tasks at once of one key.
    pub concurrency_per_key: Option<u32>,
    /// Tasks claimed over time, evenly spaced after a burst of `limit`.
    pub rate: Option<Rate>,
    /// No task is given out.
    pub paused: bool,
}

/// A queue and what is in it, counted by the changes themselves.
#[derive(Clone, PartialEq, Debug)]
pub struct QueueRecord {
    pub name: QueueName,
    pub settings: QueueSettings,
    pub offered: u64,
    pub claimed: u64,
    /// Payloads of the offered ones.
    pub offered_bytes: u64,
    /// Since when the offered one that waits longest has waited: the earliest `offered_at`.
    pub oldest: Option<Timestamp>,
}

impl QueueRecord {
    /// Tasks of one queue of one tenant that may wait to be claimed; beyond, [`QueueRoom::is_full`].
    pub const MAX_OFFERED: u64 = 100_000;
    /// Bytes of payload that may wait with them.
    pub const MAX_OFFERED_BYTES: u64 = 256 << 20;

    /// Whether there is anything to say about the queue: it has settings, or tasks that are not settled.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.settings != QueueSettings::default() || self.offered > 0 || self.claimed > 0
    }
}

/// When tasks that only a queue's rate keeps back may be claimed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NextClaim {
    /// The first of them; at or before `now`: claim again.
    pub at: Timestamp,
    /// The store's now.
    pub now: Timestamp,
    /// And then one after each such time.
    pub every: Duration,
}

/// How much more may be offered to a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueueRoom {
    pub tasks: u64,
    pub bytes: u64,
}

impl QueueRoom {
    /// The room beside what is offered already.
    #[must_use]
    pub const fn beside(offered: u64, bytes: u64) -> Self {
        Self {
            tasks: QueueRecord::MAX_OFFERED.saturating_sub(offered),
            bytes: QueueRecord::MAX_OFFERED_BYTES.saturating_sub(bytes),
        }
    }

    /// Nothing may be offered until workers have taken something.
    #[must_use]
    pub const fn is_full(self) -> bool {
        self.tasks == 0 || self.bytes == 0
    }
}
