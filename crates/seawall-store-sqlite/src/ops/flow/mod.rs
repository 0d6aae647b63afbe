//! Flow control, part of the operations that bring runs in, end them and claim them: nothing here is an operation itself.
//!
//! Each change loads a line with its counts, changes it, and saves it once; no statement counts rows.

mod admit;
mod ask;
mod come_in;
mod due;
mod leave;
mod line;

pub(crate) use line::rate_at;
use rusqlite::params;
use seawall_store::{MessageKey, RunId};

use crate::ops::deliver::deliver;
use crate::writer::Tx;

/// The part of one operation that is flow control.
pub(super) struct Flow<'a, 'c> {
    tx: &'a Tx<'c>,
    /// Runs that got a message: their watchers are told once it is durable.
    pub(super) told: Vec<RunId>,
}

/// Who asks for an admission.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    /// Somebody who can be told that it is refused.
    Outside,
    /// A change that goes on: the run itself is told.
    Inside,
}

/// A run, by both of its names.
#[derive(Clone, Copy)]
pub(super) struct Numbered {
    pub(super) run_no: i64,
    pub(super) id: RunId,
}

impl<'a, 'c> Flow<'a, 'c> {
    pub(super) const fn new(tx: &'a Tx<'c>) -> Self {
        Self { tx, told: Vec::new() }
    }

    /// False: the run's inbox knows the key.
    fn send(&mut self, to: Numbered, key: String, body: &[u8]) -> rusqlite::Result<bool> {
        let written = deliver(self.tx, to.run_no, &MessageKey(key), body)?;
        if written {
            self.told.push(to.id);
        }
        Ok(written)
    }

    /// Tells the run that it gives way to `by`. It may have given way to that one before, and both were retried: its own last
    /// place tells the messages apart. False: it knows already.
    fn supersede(&mut self, run: Numbered, by: RunId, body: &[u8]) -> rusqlite::Result<bool> {
        let last = self.last_seq(run.run_no)?;
        self.send(run, format!("superseded:{by}:{last}"), body)
    }

    fn last_seq(&self, run_no: i64) -> rusqlite::Result<i64> {
        self.tx
            .statement("SELECT last_seq FROM runs WHERE run_no = ?1")?
            .query_row([run_no], |row| row.get(0))
    }

    /// The run has, and waits for, nothing any more.
    fn release(&self, run_no: i64) -> rusqlite::Result<()> {
        self.tx
            .statement("UPDATE flow_runs SET stage = 3, line_no = NULL, not_before = NULL WHERE run_no = ?1")?
            .execute([run_no])?;
        self.tx
            .statement("UPDATE runs SET flow = 0 WHERE run_no = ?1")?
            .execute(params![run_no])?;
        Ok(())
    }
}
