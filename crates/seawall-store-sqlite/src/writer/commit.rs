//! COMMIT, and what to believe when it fails.
//!
//! An error at COMMIT says nothing about the transaction: the flush may have failed before the log was complete or after.
//! So the writer opens another connection and looks whether the batch's evidence is there. Before it believes its eyes it
//! commits once more: if the lost transaction lies complete behind the log's end, a crash would bring it back, and this
//! commit overwrites it; if it is part of the log, this commit flushes it. The readers' connections stay open meanwhile,
//! so that the log is not recovered behind our back.

use rusqlite::{Connection, OptionalExtension as _};

use crate::failpoints::{Hit, Point};
use crate::writer::fault::{Fault, FaultKind};
use crate::writer::flush::{Evidence, Executed, Verdict, control};
use crate::writer::thread::WriterThread;

/// Raises the mark. Outside a transaction this is the smallest durable write. (Not with RETURNING: the error of a commit
/// that a statement makes when it is reset would go unseen.)
pub(crate) fn raise_mark(conn: &Connection) -> rusqlite::Result<()> {
    control(conn, "UPDATE mark SET n = n + 1 WHERE mark_no = 1")
}

pub(super) fn mark(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached("SELECT n FROM mark WHERE mark_no = 1")?
        .query_row([], |row| row.get(0))
}

impl WriterThread {
    /// `partial`: operations were left out because of a fault.
    pub(super) fn commit(&mut self, conn: Connection, executed: &Executed, partial: bool) -> Verdict {
        let committed = self
            .failpoints
            .reach(Point::CommitBefore)
            .and_then(|()| control(&conn, "COMMIT").map_err(Hit::Error))
            .and_then(|()| self.failpoints.reach(Point::CommitAfter));
        let verdict = match committed {
            Ok(()) => {
                self.conn = Some(conn);
                Verdict::Durable
            }
            Err(Hit::LostAnswer) => {
                let fault = Fault::lost_answer();
                self.raise(&fault);
                return Verdict::Unknown(fault);
            }
            Err(Hit::Error(error)) => {
                let fault = Fault::of_control(&error);
                self.raise(&fault);
                // Rolls back what may still be open.
                drop(conn);
                self.look_up(&executed.evidence, fault)
            }
        };
        if matches!(verdict, Verdict::Durable) && !matches!(executed.evidence, Evidence::Nothing) {
            self.shared.counters.committed();
            if !executed.faulty && !partial {
                self.shared.fault.clear(self.clock.now());
            }
        }
        verdict
    }

    fn look_up(&mut self, evidence: &Evidence, fault: Fault) -> Verdict {
        let Ok(conn) = self.reopen() else {
            return Verdict::Unknown(fault);
        };
        let verdict = match (stands(&conn, evidence), raise_mark(&conn)) {
            (Ok(true), Ok(_)) => Verdict::Durable,
            (Ok(false), Ok(_)) => Verdict::NotWritten(fault),
            // A full disk took no complete transaction, so there is nothing to come back.
            (Ok(false), Err(_)) if fault.kind == FaultKind::Full => Verdict::NotWritten(fault),
            _ => Verdict::Unknown(fault),
        };
        self.conn = Some(conn);
        verdict
    }
}

fn stands(conn: &Connection, evidence: &Evidence) -> rusqlite::Result<bool> {
    match evidence {
        Evidence::Nothing => Ok(true),
        Evidence::Entry(entry) => conn
            .query_row("SELECT 1 FROM journal WHERE entry_no = ?1", [entry], |_| Ok(()))
            .optional()
            .map(|found| found.is_some()),
        Evidence::Mark(value) => mark(conn).map(|found| found == *value),
    }
}
