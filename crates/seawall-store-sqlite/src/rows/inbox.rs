use rusqlite::{Connection, params};
use seawall_store::{InboxRow, MessageKey};

/// Unread messages, oldest first.
pub(crate) fn unread(conn: &Connection, run_no: i64, limit: usize) -> rusqlite::Result<Vec<InboxRow>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    conn.prepare_cached(
        "SELECT inbox_no, key, body FROM inbox WHERE run_no = ?1 AND unread = 1 ORDER BY inbox_no LIMIT ?2",
    )?
    .query_map(params![run_no, limit], |row| {
        Ok(InboxRow {
            id: row.get(0)?,
            key: MessageKey(row.get(1)?),
            body: row.get(2)?,
        })
    })?
    .collect()
}
