use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row};
use seawall_store::{QueueName, QueueRecord, QueueSettings, Rate, Spent, TenantId};

use super::queue_query;
use crate::codec::{count_at, maybe_time_at, queue_at};

/// A queue's row with what is only the store's own.
pub(crate) struct Queue {
    pub(crate) queue_no: i64,
    pub(crate) spent: Spent,
    pub(crate) record: QueueRecord,
}

/// A row of `sql/queue_columns.sql`.
pub(crate) fn queue(row: &Row<'_>) -> rusqlite::Result<Queue> {
    let limit: Option<u32> = row.get(4)?;
    let per: Option<i64> = row.get(5)?;
    let rate = limit.zip(per).map(|(limit, millis)| Rate {
        limit,
        per: Duration::from_millis(u64::try_from(millis).unwrap_or(0)),
    });
    Ok(Queue {
        queue_no: row.get(0)?,
        spent: Spent(row.get(7)?),
        record: QueueRecord {
            name: queue_at(row, 1)?,
            settings: QueueSettings {
                concurrency: row.get(2)?,
                concurrency_per_key: row.get(3)?,
                rate,
                paused: row.get(6)?,
            },
            offered: count_at(row, 8, "count")?,
            claimed: count_at(row, 9, "count")?,
            offered_bytes: count_at(row, 10, "count")?,
            oldest: maybe_time_at(row, 11)?,
        },
    })
}

/// The queue's row, if it ever had a task or settings.
pub(crate) fn queue_by_name(conn: &Connection, tenant: &TenantId, name: &QueueName) -> rusqlite::Result<Option<Queue>> {
    conn.prepare_cached(queue_query!(
        "WHERE q.name = ?1 AND q.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?2)"
    ))?
    .query_row((name.as_str(), tenant.as_str()), queue)
    .optional()
}
