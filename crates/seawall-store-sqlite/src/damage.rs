//! Damage on purpose, for tests of other rooms: they know no SQL.

use std::path::Path;

/// Each way by its name, and what it does to the file. All keep the file a database that SQLite finds nothing wrong with, but
/// for those named after SQLite's own checks.
const DAMAGES: &[(&str, &str)] = &[
    ("status", "UPDATE runs SET status = 5 WHERE status = 2"),
    ("status-means-nothing", "UPDATE runs SET status = 99 WHERE status = 2"),
    ("awaits", "UPDATE runs SET awaits = 1 - awaits WHERE status = 2"),
    (
        "counts",
        "UPDATE runs SET completed_steps = completed_steps + 1 WHERE status = 5",
    ),
    (
        "finished-at",
        "UPDATE runs SET finished_at = finished_at + 1 WHERE status = 5",
    ),
    ("error-code", "UPDATE runs SET error_code = 'x' WHERE status = 6"),
    ("last-seq", "UPDATE runs SET last_seq = last_seq - 1 WHERE status = 2"),
    ("no-timer", "UPDATE runs SET due = NULL WHERE due IS NOT NULL"),
    ("late-timer", "UPDATE runs SET due = due + 60000 WHERE due IS NOT NULL"),
    (
        "unknown-holder",
        "UPDATE runs SET holder = zeroblob(16), due = NULL WHERE status = 2",
    ),
    ("hole", "DELETE FROM journal WHERE first_seq = 1"),
    (
        "cut-journal",
        "DELETE FROM journal WHERE entry_no = (SELECT max(entry_no) FROM journal)",
    ),
    (
        "unreadable-journal",
        "UPDATE journal SET bytes = x'00ff' WHERE first_seq = 1",
    ),
    ("no-approval", "DELETE FROM approvals"),
    ("settled-approval", "UPDATE approvals SET status = 1 WHERE status = 0"),
    (
        "pending-approval",
        "UPDATE approvals SET status = 0, decided_at = NULL WHERE status <> 0",
    ),
    ("other-message", "UPDATE approvals SET message = 'another'"),
    ("no-definition", "DELETE FROM workflow_versions"),
    (
        "other-definition",
        "UPDATE workflow_versions SET source = '{\"name\":\"other\",\"steps\":[]}'",
    ),
    (
        "no-parent",
        "DELETE FROM journal WHERE run_no IN (SELECT run_no FROM runs WHERE id IN (SELECT parent FROM run_parents));
         DELETE FROM inbox WHERE run_no IN (SELECT run_no FROM runs WHERE id IN (SELECT parent FROM run_parents));
         DELETE FROM runs WHERE id IN (SELECT parent FROM run_parents)",
    ),
    (
        "no-child",
        "CREATE TEMP TABLE gone AS SELECT run_no FROM run_parents;
         DELETE FROM run_parents;
         DELETE FROM journal WHERE run_no IN (SELECT run_no FROM gone);
         DELETE FROM inbox WHERE run_no IN (SELECT run_no FROM gone);
         DELETE FROM runs WHERE run_no IN (SELECT run_no FROM gone)",
    ),
    ("no-run", "DELETE FROM runs"),
    (
        "child-ended",
        "UPDATE runs SET status = 5 WHERE run_no IN (SELECT run_no FROM run_parents)",
    ),
    ("stray-key", "UPDATE idempotency_keys SET run_no = -1"),
    ("other-tenant", "UPDATE runs SET tenant_no = -1 WHERE status = 2"),
    ("other-creator", "UPDATE runs SET created_by = 'nobody'"),
    (
        "index",
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, 'finished_at IS NOT NULL', 'finished_at IS NULL')
         WHERE name = 'runs_finished'",
    ),
    ("line-counts", "UPDATE flow_lines SET running = running + 1"),
    ("no-lines", "DELETE FROM flow_lines"),
    ("marks", "UPDATE runs SET flow = 1 - flow"),
    ("queue-counts", "UPDATE queues SET offered = offered + 1, claimed = 0"),
    ("key-heads", "UPDATE queue_keys SET head = NULL, head_task = NULL"),
    ("no-keys", "DELETE FROM queue_keys"),
    (
        "slot-kept",
        "UPDATE flow_lines SET running = running + (SELECT count(*) FROM flow_runs f
             WHERE f.stage = 3 AND f.scope_no = flow_lines.scope_no AND f.key = flow_lines.key);
         UPDATE runs SET flow = 1 WHERE flow = 0;
         UPDATE flow_runs SET stage = 2, line_no = (SELECT l.line_no FROM flow_lines l
             WHERE l.scope_no = flow_runs.scope_no AND l.key = flow_runs.key) WHERE stage = 3",
    ),
    (
        "slot-kept-by-a-wrong-row",
        "UPDATE flow_lines SET running = running + (SELECT count(*) FROM flow_runs f
             WHERE f.stage = 3 AND f.scope_no = flow_lines.scope_no AND f.key = flow_lines.key);
         UPDATE runs SET flow = 1, status = 1, finished_at = NULL WHERE flow = 0;
         UPDATE flow_runs SET stage = 2, line_no = (SELECT l.line_no FROM flow_lines l
             WHERE l.scope_no = flow_runs.scope_no AND l.key = flow_runs.key) WHERE stage = 3",
    ),
    (
        "retry-in-no-queue",
        "CREATE TEMP TABLE retried AS SELECT run_no FROM inbox WHERE unread = 2;
         UPDATE flow_lines SET queued = queued - 1;
         UPDATE runs SET flow = 0 WHERE run_no IN (SELECT run_no FROM retried);
         UPDATE flow_runs SET stage = 3, line_no = NULL WHERE run_no IN (SELECT run_no FROM retried)",
    ),
    (
        "retry-unread",
        "CREATE TEMP TABLE retried AS SELECT run_no FROM inbox WHERE unread = 2;
         UPDATE inbox SET unread = 1 WHERE unread = 2;
         UPDATE flow_lines SET queued = queued - 1;
         UPDATE runs SET flow = 0 WHERE run_no IN (SELECT run_no FROM retried);
         UPDATE flow_runs SET stage = 3, line_no = NULL WHERE run_no IN (SELECT run_no FROM retried)",
    ),
    (
        "child-retry-unread",
        "INSERT INTO inbox (run_no, key, unread, body)
         SELECT r.run_no, 'parent-retry:2', 1,
                CAST('{\"v\":1,\"t\":\"parent_retried\",\"by\":\"somebody\",\"round\":2}' AS BLOB)
         FROM runs r JOIN run_parents USING (run_no) WHERE r.status = 6",
    ),
    (
        "child-retry-due-and-counts",
        "INSERT INTO inbox (run_no, key, unread, body)
         SELECT r.run_no, 'parent-retry:2', 1,
                CAST('{\"v\":1,\"t\":\"parent_retried\",\"by\":\"somebody\",\"round\":2}' AS BLOB)
         FROM runs r JOIN run_parents USING (run_no) WHERE r.status = 6;
         UPDATE runs SET due = 0, completed_steps = completed_steps + 1
         WHERE status = 6 AND run_no IN (SELECT run_no FROM run_parents)",
    ),
    (
        "never-admitted",
        "CREATE TEMP TABLE waits AS SELECT run_no FROM flow_runs WHERE stage = 1 AND admitted IS NOT NULL;
         UPDATE flow_lines SET queued = queued - 1;
         UPDATE runs SET flow = 0 WHERE run_no IN (SELECT run_no FROM waits);
         UPDATE flow_runs SET stage = 3, line_no = NULL WHERE run_no IN (SELECT run_no FROM waits)",
    ),
    (
        "no-tasks",
        "DELETE FROM tasks;
         DELETE FROM queue_keys;
         UPDATE queues SET offered = 0, claimed = 0, offered_bytes = 0",
    ),
    (
        "settled-tasks",
        "UPDATE tasks SET status = 2;
         DELETE FROM queue_keys;
         UPDATE queues SET offered = 0, claimed = 0, offered_bytes = 0",
    ),
    ("unreadable-schedule", "UPDATE schedules SET settings = x'00'"),
    ("no-firing", "UPDATE schedules SET next_at = NULL"),
];

/// Flips some bits of one byte in the first leaf of this table or index: that of this number from the page's beginning, or,
/// where it is negative, from its end. Number 0 makes the page unreadable; a cell's byte makes it say something else.
///
/// # Errors
/// The file cannot be read and written, or has no such table or index.
pub fn flip(path: &Path, name: &str, byte: i64) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let (mut page, size) = {
        let conn = rusqlite::Connection::open(path)?;
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        let root = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
        let root: u32 = conn.query_row(root, [name], |row| row.get(0))?;
        let size: u32 = conn.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        (usize::try_from(root)?, usize::try_from(size)?)
    };
    let mut file = std::fs::read(path)?;
    let number = |at: usize, bytes: usize| {
        file[at..at + bytes]
            .iter()
            .fold(0, |all, byte| all << 8 | usize::from(*byte))
    };
    // Pages 2 and 5 lead to others: the first cell begins with the number of the first one.
    while matches!(file[(page - 1) * size], 2 | 5) {
        let begin = (page - 1) * size;
        page = number(begin + number(begin + 12, 2), 4);
    }
    let begin = (page - 1) * size;
    let place = if byte < 0 { begin + size } else { begin };
    let place = place.saturating_add_signed(isize::try_from(byte)?);
    file[place] ^= 0x55;
    std::fs::write(path, file)?;
    Ok(())
}

/// Does the damage of that name to the file. Nobody may have it open.
///
/// # Errors
/// The file cannot be written to, or there is no such damage.
pub fn damage(path: &Path, name: &str) -> Result<(), rusqlite::Error> {
    let (_, sql) = DAMAGES
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or(rusqlite::Error::InvalidQuery)?;
    let conn = rusqlite::Connection::open(path)?;
    conn.pragma_update(None, "foreign_keys", false)?;
    conn.execute_batch(sql)
}
