//! What an append does to tasks: it offers and withdraws them.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{OptionalExtension as _, params};
use seawall_store::{CrossMessage, TaskOffered, TaskStatus, TaskWithdrawn};

use crate::codec::{millis, task_status_at};
use crate::ops::queue_keys::{add_offered, drop_offered};
use crate::writer::Tx;

/// Makes the task visible to workers. One whose id exists is left as it is.
pub(super) fn offer(tx: &Tx<'_>, tenant_no: i64, run_no: i64, task: &TaskOffered) -> rusqlite::Result<()> {
    let queue_no = count_offered(tx, tenant_no, task)?;
    let written = tx.statement(include_str!("../sql/insert_task.sql"))?.execute(params![
        task.id.uuid().as_bytes(),
        run_no,
        queue_no,
        task.key,
        task.order(),
        task.priority,
        task.offered_at.as_millis(),
        task.activity,
        task.attempt,
        task.effect_key,
        task.payload,
        millis(task.timeout),
    ])?;
    if written == 0 {
        return count_dropped(tx, queue_no, bytes(task));
    }
    if let Some(key) = &task.key {
        add_offered(tx, queue_no, key, task.order(), tx.conn().last_insert_rowid())?;
    }
    Ok(())
}

fn bytes(task: &TaskOffered) -> i64 {
    i64::try_from(task.payload.len()).unwrap_or(i64::MAX)
}

/// Counts the task in its queue, which is made if there is none, and gives the queue's number.
fn count_offered(tx: &Tx<'_>, tenant_no: i64, task: &TaskOffered) -> rusqlite::Result<i64> {
    tx.statement(
        "INSERT INTO queues (tenant_no, name, paused, spent, offered, claimed, offered_bytes)
         VALUES (?1, ?2, 0, 0, 1, 0, ?3)
         ON CONFLICT (tenant_no, name) DO UPDATE SET offered = offered + 1, offered_bytes = offered_bytes + ?3
         RETURNING queue_no",
    )?
    .query_row(params![tenant_no, task.queue.as_str(), bytes(task)], |row| row.get(0))
}

fn count_dropped(tx: &Tx<'_>, queue_no: i64, bytes: i64) -> rusqlite::Result<()> {
    tx.statement("UPDATE queues SET offered = offered - 1, offered_bytes = offered_bytes - ?2 WHERE queue_no = ?1")?
        .execute([queue_no, bytes])?;
    Ok(())
}

struct Open {
    task_no: i64,
    queue_no: i64,
    key: Option<String>,
    status: TaskStatus,
    bytes: i64,
}

/// Takes the task back from workers: an unclaimed one at once, a claimed one with its worker's next word, or when its lease
/// ends, which is `grace` from now at the latest. Answers the message that is to be sent now.
pub(super) fn withdraw(tx: &Tx<'_>, run_no: i64, withdrawn: &TaskWithdrawn) -> rusqlite::Result<Option<CrossMessage>> {
    let Some(open) = find_open(tx, run_no, withdrawn)? else {
        let lost = CrossMessage {
            body: Arc::clone(&withdrawn.lost),
            ..withdrawn.message.clone()
        };
        return Ok((!is_anothers(tx, run_no, withdrawn)?).then_some(lost));
    };
    if open.status == TaskStatus::Claimed {
        cap_lease(tx, open.task_no, withdrawn.grace)?;
        return Ok(None);
    }
    tx.statement("UPDATE tasks SET status = 2, cancelled = 1, effect_key = '', payload = x'' WHERE task_no = ?1")?
        .execute([open.task_no])?;
    count_dropped(tx, open.queue_no, open.bytes)?;
    if let Some(key) = &open.key {
        drop_offered(tx, open.queue_no, key)?;
    }
    Ok(Some(withdrawn.message.clone()))
}

fn is_anothers(tx: &Tx<'_>, run_no: i64, withdrawn: &TaskWithdrawn) -> rusqlite::Result<bool> {
    tx.statement("SELECT 1 FROM tasks WHERE id = ?1 AND run_no <> ?2")?
        .exists(params![withdrawn.id.uuid().as_bytes(), run_no])
}

fn find_open(tx: &Tx<'_>, run_no: i64, withdrawn: &TaskWithdrawn) -> rusqlite::Result<Option<Open>> {
    tx.statement(
        "SELECT task_no, queue_no, key, status, length(payload) FROM tasks WHERE id = ?1 AND run_no = ?2 AND status < 2",
    )?
    .query_row(params![withdrawn.id.uuid().as_bytes(), run_no], |row| {
        Ok(Open {
            task_no: row.get(0)?,
            queue_no: row.get(1)?,
            key: row.get(2)?,
            status: task_status_at(row, 3)?,
            bytes: row.get(4)?,
        })
    })
    .optional()
}

fn cap_lease(tx: &Tx<'_>, task_no: i64, grace: Duration) -> rusqlite::Result<()> {
    let end = tx.now().saturating_add(grace);
    tx.statement("UPDATE tasks SET cancelled = 1, lease_until = min(lease_until, ?2) WHERE task_no = ?1")?
        .execute([task_no, end.as_millis()])?;
    Ok(())
}
