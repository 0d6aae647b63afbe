//! Connections: the one that writes, those that read, and their settings.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

/// Statements kept prepared on each connection; more than there are.
const STATEMENTS: usize = 256;

/// `SQLITE_OPEN_NO_MUTEX`: each connection is used by one thread at a time, and its type sees to that.
const COMMON: OpenFlags = OpenFlags::SQLITE_OPEN_NO_MUTEX;

/// A connection that writes. `create`: the file may be made.
pub(crate) fn writing(path: &Path, cache_bytes: usize, create: bool) -> rusqlite::Result<Connection> {
    let mut flags = COMMON | OpenFlags::SQLITE_OPEN_READ_WRITE;
    if create {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let conn = Connection::open_with_flags(path, flags)?;
    common(&conn, cache_bytes)?;
    // Readers do not block a writer and the other way round.
    let mode: String = conn.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        // A file system without shared memory.
        let error = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
        let detail = "the file system cannot hold a write-ahead log".to_owned();
        return Err(rusqlite::Error::SqliteFailure(error, Some(detail)));
    }
    // Every COMMIT flushes the log before it returns: an answer means durable.
    conn.pragma_update(None, "synchronous", "full")?;
    // Checkpoints are made by the writer thread after it has answered (see writer/thread.rs), not inside a COMMIT.
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    // After a burst the log's file is cut back to this at the next checkpoint.
    conn.pragma_update(None, "journal_size_limit", 64 << 20)?;
    Ok(conn)
}

/// A connection that reads.
pub(crate) fn reading(path: &Path, cache_bytes: usize) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, COMMON | OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    common(&conn, cache_bytes)?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

fn common(conn: &Connection, cache_bytes: usize) -> rusqlite::Result<()> {
    // Nobody else writes while the file lock is held; this bounds the wait for a curious sqlite3 shell.
    conn.busy_timeout(Duration::from_secs(5))?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    // A plan does not depend on the values that are bound: otherwise SQLite parses a kept statement again at many bindings,
    // wherever partial indexes stand to choice, which cost more than executing it.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    // Negative: in KiB.
    let kib = i64::try_from(cache_bytes / 1024).unwrap_or(i64::MAX);
    conn.pragma_update(None, "cache_size", -kib.max(64))?;
    // A mapped file turns an I/O error into a SIGBUS.
    conn.pragma_update(None, "mmap_size", 0)?;
    conn.pragma_update(None, "temp_store", "memory")?;
    // Finds a damaged page when it is read instead of reading nonsense from it.
    conn.pragma_update(None, "cell_size_check", true)?;
    // What stands in a schema of unknown origin is not run.
    conn.pragma_update(None, "trusted_schema", false)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_kept_statement_is_not_parsed_again_for_other_values() {
        let folder = tempfile::TempDir::new().unwrap();
        let conn = writing(&folder.path().join("seawall.db"), 1 << 20, true).unwrap();
        conn.execute_batch(
            "CREATE TABLE t (a INTEGER, b INTEGER, c INTEGER);
             CREATE INDEX part ON t (a, b) WHERE c = 0 AND b IS NOT NULL;",
        )
        .unwrap();
        let mut statement = conn
            .prepare("SELECT 1 FROM t WHERE a = ?1 AND c = 0 AND b IS NOT NULL ORDER BY b LIMIT 1")
            .unwrap();
        for value in 0..10 {
            assert!(!statement.exists([value]).unwrap());
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }
}
