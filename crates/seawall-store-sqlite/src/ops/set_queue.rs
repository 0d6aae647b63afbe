use rusqlite::params;
use seawall_store::{QueueName, QueueRecord, QueueSettings, StoreError, TenantId, Watchers};

use crate::codec::millis;
use crate::error::OpError;
use crate::ops::queue_keys::judge_all;
use crate::rows::{queue_by_name, tenant_no_or_new};
use crate::writer::{Operation, Tx};

/// Other settings for a queue.
pub(crate) struct SetQueue {
    pub(crate) tenant: TenantId,
    pub(crate) name: QueueName,
    pub(crate) settings: QueueSettings,
    /// What they have to be before.
    pub(crate) expected: Option<QueueSettings>,
}

impl Operation for SetQueue {
    type Answer = QueueRecord;

    fn run(&self, tx: &Tx<'_>) -> Result<QueueRecord, OpError> {
        let settings = &self.settings;
        if let Some(expected) = &self.expected {
            let found = queue_by_name(tx.conn(), &self.tenant, &self.name)?;
            let found = found.map(|queue| queue.record.settings).unwrap_or_default();
            if found != *expected {
                return Err(StoreError::PreconditionFailed.into());
            }
        }
        let tenant_no = tenant_no_or_new(tx.conn(), &self.tenant)?;
        tx.statement(
            "INSERT INTO queues (tenant_no, name, concurrency, concurrency_per_key, rate_limit, rate_ms, paused, spent,
                 offered, claimed, offered_bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, 0, 0)
             ON CONFLICT (tenant_no, name) DO UPDATE SET
                 concurrency = ?3, concurrency_per_key = ?4, rate_limit = ?5, rate_ms = ?6, paused = ?7",
        )?
        .execute(params![
            tenant_no,
            self.name.as_str(),
            settings.concurrency,
            settings.concurrency_per_key,
            settings.rate.map(|rate| rate.limit),
            settings.rate.map(|rate| millis(rate.per)),
            settings.paused,
        ])?;
        let queue = queue_by_name(tx.conn(), &self.tenant, &self.name)?.ok_or(StoreError::NotFound)?;
        judge_all(tx, queue.queue_no, settings.concurrency_per_key)?;
        Ok(queue.record)
    }

    fn tell(&self, record: &QueueRecord, watchers: &Watchers) {
        let waiting = usize::try_from(record.offered).unwrap_or(usize::MAX);
        watchers.offered(&self.tenant, &self.name, waiting);
    }
}
