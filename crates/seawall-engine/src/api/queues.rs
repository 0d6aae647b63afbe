//! Queues of tasks for workers outside: their settings, and what is in them.

use std::time::Duration;

use seawall_store::{Digest, Page, PageOf, QueueName, QueueRecord, QueueSettings};

use crate::api::controls::invalid;
use crate::api::engine::{Result, refused};
use crate::api::{Engine, EngineError, Principal};
use crate::definition::parse_rate;

const QUEUE: &str = "queue";
/// The highest limit of tasks at once.
const MAX_CONCURRENCY: u32 = 1_000_000;

/// What a queue's settings are to be. What is left out is not limited.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SetQueue {
    pub concurrency: Option<u32>,
    pub concurrency_per_key: Option<u32>,
    /// As in [`parse_rate`].
    pub rate: Option<String>,
    pub paused: bool,
}

/// A queue at one moment.
#[derive(Clone, PartialEq, Debug)]
pub struct QueueView {
    pub record: QueueRecord,
    /// How long the task that waits longest has waited. None: nothing waits.
    pub oldest_wait: Option<Duration>,
}

impl QueueView {
    /// What changes with the settings, and with nothing else.
    #[must_use]
    pub fn tag(&self) -> Digest {
        let (name, settings) = (&self.record.name, &self.record.settings);
        let limits = format!(
            "{:?} {:?} {:?} {}",
            settings.concurrency,
            settings.concurrency_per_key,
            settings.rate.map(|rate| (rate.limit, rate.per.as_millis())),
            settings.paused
        );
        Digest::of_parts(&[b"queue", name.as_str().as_bytes(), limits.as_bytes()])
    }
}

impl Engine {
    /// Queues that have settings, or tasks that are not settled, by name.
    ///
    /// # Errors
    /// `Store`.
    pub async fn list_queues(&self, by: &Principal, page: Page) -> Result<PageOf<QueueView>> {
        let listed = self.shared().store.list_queues(&by.tenant, page).await;
        let listed = listed.map_err(refused(QUEUE))?;
        Ok(PageOf {
            items: listed.items.into_iter().map(|record| self.view(record)).collect(),
            next: listed.next,
        })
    }

    /// # Errors
    /// `NotFound` for a queue without settings and without tasks; `Store`.
    pub async fn queue(&self, by: &Principal, name: &QueueName) -> Result<QueueView> {
        let found = self.shared().store.queue(&by.tenant, name).await;
        let record = found.map_err(refused(QUEUE))?.ok_or(EngineError::NotFound(QUEUE))?;
        Ok(self.view(record))
    }

    /// Replaces the queue's settings; with `expected`, only those. They hold from the next claim on.
    ///
    /// # Errors
    /// `Invalid` with a pointer into the settings; `PreconditionFailed`, `Overloaded`, `Store`.
    pub async fn set_queue(
        &self,
        by: &Principal,
        name: &QueueName,
        set: SetQueue,
        expected: Option<QueueSettings>,
    ) -> Result<QueueView> {
        let settings = settings(&set)?;
        let record = self.shared().store.set_queue(&by.tenant, name, settings, expected);
        Ok(self.view(record.await.map_err(refused(QUEUE))?))
    }

    /// Takes the queue's settings away; its tasks stay.
    ///
    /// # Errors
    /// `NotFound` for a queue without settings and without tasks; `PreconditionFailed`, `Overloaded`, `Store`.
    pub async fn clear_queue(&self, by: &Principal, name: &QueueName, expected: Option<QueueSettings>) -> Result<()> {
        self.queue(by, name).await?;
        let none = QueueSettings::default();
        let cleared = self.shared().store.set_queue(&by.tenant, name, none, expected);
        cleared.await.map(drop).map_err(refused(QUEUE))
    }

    fn view(&self, record: QueueRecord) -> QueueView {
        let now = self.shared().clock.now();
        QueueView {
            oldest_wait: record.oldest.map(|since| now.since(since)),
            record,
        }
    }
}

fn settings(set: &SetQueue) -> Result<QueueSettings> {
    let rate = set.rate.as_deref().map(parse_rate).transpose();
    Ok(QueueSettings {
        concurrency: limit("/concurrency", set.concurrency)?,
        concurrency_per_key: limit("/concurrency_per_key", set.concurrency_per_key)?,
        rate: rate
            .map_err(|error| invalid("/rate", "invalid-rate", &error.to_string()))?
            .flatten(),
        paused: set.paused,
    })
}

fn limit(pointer: &str, limit: Option<u32>) -> Result<Option<u32>> {
    if limit.is_some_and(|limit| !(1..=MAX_CONCURRENCY).contains(&limit)) {
        let message = "expected a number from 1 to 1000000; pause the queue to let nothing through";
        return Err(invalid(pointer, "out-of-range", message));
    }
    Ok(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(set: &SetQueue) -> String {
        match settings(set) {
            Err(EngineError::Invalid { pointer, .. }) => pointer,
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn settings_that_make_no_sense_are_pointed_at() {
        for (limit, pointer_to) in [(0, "/concurrency"), (MAX_CONCURRENCY + 1, "/concurrency")] {
            let set = SetQueue {
                concurrency: Some(limit),
                ..SetQueue::default()
            };
            assert_eq!(pointer(&set), pointer_to);
        }
        let set = SetQueue {
            concurrency_per_key: Some(0),
            ..SetQueue::default()
        };
        assert_eq!(pointer(&set), "/concurrency_per_key");
        let set = SetQueue {
            rate: Some("10".to_owned()),
            ..SetQueue::default()
        };
        assert_eq!(pointer(&set), "/rate");
    }

    #[test]
    fn what_is_left_out_is_not_limited() {
        assert_eq!(settings(&SetQueue::default()).unwrap(), QueueSettings::default());
        let set = SetQueue {
            rate: Some("0".to_owned()),
            ..SetQueue::default()
        };
        assert_eq!(settings(&set).unwrap(), QueueSettings::default());
    }
}
