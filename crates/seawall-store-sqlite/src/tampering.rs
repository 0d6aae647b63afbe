//! What somebody may do to the audit trail behind the program's back, for tests of what finds it.

use std::path::Path;

use rusqlite::Connection;
use seawall_store::StoreResult;

use crate::error::sql_error;

/// Each names the record by its number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tampering {
    /// It names another actor.
    Change(i64),
    Remove(i64),
    /// The end of the trail is said to be there.
    CutOff(i64),
}

impl Tampering {
    const fn statement(self) -> (&'static str, i64) {
        match self {
            Self::Change(record) => ("UPDATE audit SET actor = 'service:other' WHERE seq = ?1", record),
            Self::Remove(record) => ("DELETE FROM audit WHERE seq = ?1", record),
            Self::CutOff(record) => (
                "UPDATE audit_heads SET seq = ?1, mac = (SELECT mac FROM audit WHERE seq = ?1)",
                record,
            ),
        }
    }
}

/// Does that to a store that nobody holds. Whether there was exactly one row to it.
///
/// # Errors
/// When the file is no store.
pub fn tamper(file: &Path, how: Tampering) -> StoreResult<bool> {
    let (sql, record) = how.statement();
    let conn = Connection::open(file).map_err(sql_error)?;
    let rows = conn.execute(sql, [record]).map_err(sql_error)?;
    Ok(rows == 1)
}
