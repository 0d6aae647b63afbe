//! The rows of keys: how many tasks of a key are offered and claimed, which one comes first, and whether the key has room.

use rusqlite::params;

use crate::writer::Tx;

/// One more is offered. It comes first only if its place is earlier: of equals the one offered first does.
pub(super) fn add_offered(tx: &Tx<'_>, queue_no: i64, key: &str, order: i64, task_no: i64) -> rusqlite::Result<()> {
    tx.statement(
        "INSERT INTO queue_keys (queue_no, key, offered, claimed, is_full, head, head_task)
         VALUES (?1, ?2, 1, 0, 0, ?3, ?4)
         ON CONFLICT (queue_no, key) DO UPDATE SET
             offered = offered + 1,
             head = CASE WHEN head IS NULL OR ?3 < head THEN ?3 ELSE head END,
             head_task = CASE WHEN head IS NULL OR ?3 < head THEN ?4 ELSE head_task END",
    )?
    .execute(params![queue_no, key, order, task_no])?;
    Ok(())
}

/// An offered one was claimed, when its own row says so already. `limit`: what the queue allows for each key.
pub(super) fn claim_one(tx: &Tx<'_>, queue_no: i64, key: &str, limit: Option<u32>) -> rusqlite::Result<()> {
    tx.statement(
        "UPDATE queue_keys SET offered = offered - 1, claimed = claimed + 1,
             is_full = ?3 IS NOT NULL AND claimed + 1 >= ?3,
             (head, head_task) = (SELECT ord, task_no FROM tasks WHERE queue_no = ?1 AND key = ?2 AND status = 0
                                  ORDER BY ord, task_no LIMIT 1)
         WHERE queue_no = ?1 AND key = ?2",
    )?
    .execute(params![queue_no, key, limit])?;
    Ok(())
}

/// An offered one was withdrawn, when its own row says so already.
pub(super) fn drop_offered(tx: &Tx<'_>, queue_no: i64, key: &str) -> rusqlite::Result<()> {
    tx.statement(
        "UPDATE queue_keys SET offered = offered - 1,
             (head, head_task) = (SELECT ord, task_no FROM tasks WHERE queue_no = ?1 AND key = ?2 AND status = 0
                                  ORDER BY ord, task_no LIMIT 1)
         WHERE queue_no = ?1 AND key = ?2",
    )?
    .execute(params![queue_no, key])?;
    forget_idle(tx, queue_no, key)
}

/// A claimed one was settled.
pub(super) fn free_one(tx: &Tx<'_>, queue_no: i64, key: &str, limit: Option<u32>) -> rusqlite::Result<()> {
    tx.statement(
        "UPDATE queue_keys SET claimed = claimed - 1, is_full = ?3 IS NOT NULL AND claimed - 1 >= ?3
         WHERE queue_no = ?1 AND key = ?2",
    )?
    .execute(params![queue_no, key, limit])?;
    forget_idle(tx, queue_no, key)
}

/// Another limit holds from now on.
pub(super) fn judge_all(tx: &Tx<'_>, queue_no: i64, limit: Option<u32>) -> rusqlite::Result<()> {
    tx.statement(
        "UPDATE queue_keys SET is_full = ?2 IS NOT NULL AND claimed >= ?2
         WHERE queue_no = ?1 AND is_full <> (?2 IS NOT NULL AND claimed >= ?2)",
    )?
    .execute(params![queue_no, limit])?;
    Ok(())
}

fn forget_idle(tx: &Tx<'_>, queue_no: i64, key: &str) -> rusqlite::Result<()> {
    tx.statement("DELETE FROM queue_keys WHERE queue_no = ?1 AND key = ?2 AND offered = 0 AND claimed = 0")?
        .execute(params![queue_no, key])?;
    Ok(())
}
