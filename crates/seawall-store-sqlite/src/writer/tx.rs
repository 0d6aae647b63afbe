use std::cell::Cell;

use rusqlite::{CachedStatement, Connection, params};
use seawall_store::{Segment, Timestamp};

use crate::codec::int;
use crate::error::OpError;
use crate::failpoints::{Failpoints, Hit, Point};
use crate::quiet_clock::QuietClock;

/// What an operation works with: the batch's transaction and its now.
pub(crate) struct Tx<'c> {
    conn: &'c Connection,
    failpoints: &'c Failpoints,
    now: Timestamp,
    quiet: &'c QuietClock,
    /// The last journal entry of the batch so far.
    entry: Cell<Option<i64>>,
    /// Entries were deleted.
    freed: Cell<bool>,
}

impl<'c> Tx<'c> {
    pub(super) fn new(
        conn: &'c Connection,
        failpoints: &'c Failpoints,
        (now, quiet): (Timestamp, &'c QuietClock),
    ) -> Self {
        Self {
            conn,
            failpoints,
            now,
            quiet,
            entry: Cell::new(None),
            freed: Cell::new(false),
        }
    }

    pub(crate) fn conn(&self) -> &'c Connection {
        self.conn
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) const fn quiet_clock(&self) -> &'c QuietClock {
        self.quiet
    }

    /// The statement of a static text.
    pub(crate) fn statement(&self, sql: &'static str) -> rusqlite::Result<CachedStatement<'c>> {
        self.conn.prepare_cached(sql)
    }

    pub(crate) fn add_segment(&self, run_no: i64, segment: &Segment) -> rusqlite::Result<()> {
        self.statement("INSERT INTO journal (run_no, first_seq, count, bytes) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![run_no, int(segment.first.0), segment.count, segment.bytes])?;
        self.entry.set(Some(self.conn.last_insert_rowid()));
        Ok(())
    }

    /// Journal entries are deleted in this batch: a number may be free and taken again, so that no entry proves that the
    /// batch was committed.
    pub(crate) fn frees_entries(&self) {
        self.freed.set(true);
    }

    /// An entry that proves, once it is found, that this batch was committed.
    pub(super) fn proof(&self) -> Option<i64> {
        self.entry.get().filter(|_| !self.freed.get())
    }

    /// The journal's last entry of this batch, to be given back when the operation after this call is rolled back.
    pub(super) fn entry(&self) -> Option<i64> {
        self.entry.get()
    }

    pub(super) fn set_entry(&self, entry: Option<i64>) {
        self.entry.set(entry);
    }

    /// Reaches a failpoint within an operation. An injected error takes the whole transaction with it, the harder of the
    /// two things that SQLite may do.
    pub(crate) fn reach(&self, point: Point) -> Result<(), OpError> {
        match self.failpoints.reach(point) {
            Ok(()) | Err(Hit::LostAnswer) => Ok(()),
            Err(Hit::Error(error)) => {
                self.conn.execute_batch("ROLLBACK")?;
                Err(OpError::Sql(error))
            }
        }
    }
}
