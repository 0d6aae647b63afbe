//! The fence as a question: a lease, and where it holds, the run's last place.

use rusqlite::{Connection, OptionalExtension as _, params};
use seawall_store::{Lease, RunStatus, Seq, StoreError};

use crate::codec::{int, seq_at, status_at};
use crate::error::OpError;

/// The last place of the run that the lease holds. Within one transaction of the only writer, what this finds stays true
/// until the transaction's own writes.
pub(crate) fn check_lease(conn: &Connection, lease: &Lease) -> Result<Seq, OpError> {
    held_at(conn, lease).map(|held| held.last)
}

/// A run that is held.
pub(super) struct Held {
    pub(super) last: Seq,
    /// Flow control counts it.
    pub(super) counted: bool,
    pub(super) ended: bool,
}

pub(super) fn held_at(conn: &Connection, lease: &Lease) -> Result<Held, OpError> {
    conn.prepare_cached(
        "SELECT last_seq, flow IS 1, status FROM runs WHERE run_no = ?1 AND id = ?2 AND holder = ?3 AND epoch = ?4",
    )?
    .query_row(
        params![
            lease.key.0,
            lease.run.uuid().as_bytes(),
            lease.node.uuid().as_bytes(),
            int(lease.epoch.0)
        ],
        |row| {
            Ok(Held {
                last: seq_at(row, 0)?,
                counted: row.get(1)?,
                ended: status_at(row, 2).is_ok_and(RunStatus::is_terminal),
            })
        },
    )
    .optional()?
    .ok_or(OpError::Refused(StoreError::StaleLease))
}
