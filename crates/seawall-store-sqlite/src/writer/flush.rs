//! One batch: one transaction, a savepoint to each operation.

use rusqlite::Connection;

use crate::writer::commit::{mark, raise_mark};
use crate::writer::fault::Fault;
use crate::writer::job::{Job, Ran};
use crate::writer::thread::WriterThread;
use crate::writer::tx::Tx;

/// How often a batch is tried again without the operation that broke it. A full disk refuses most of what it is given:
/// beyond this the whole batch is answered.
const RERUNS: usize = 4;

/// What became of a batch.
pub(super) enum Verdict {
    /// Each operation's own answer holds.
    Durable,
    NotWritten(Fault),
    Unknown(Fault),
}

/// What proves, afterwards, that a transaction was committed. One proof for the whole batch: a transaction is whole or it
/// is not.
pub(super) enum Evidence {
    /// It has changed nothing.
    Nothing,
    /// The journal has this entry: its number was free before.
    Entry(i64),
    /// The mark has this value.
    Mark(i64),
}

/// The transaction is gone, with everything before this operation.
struct Broken {
    at: usize,
    fault: Fault,
}

/// What an executed batch leaves for its commit.
pub(super) struct Executed {
    pub(super) evidence: Evidence,
    /// Some operation met a fault: a commit without it does not prove that the store is well.
    pub(super) faulty: bool,
}

impl WriterThread {
    /// Runs the batch until its fate is known. Operations that broke it are moved to `set_aside`, their answers ready.
    pub(super) fn transact(&mut self, batch: &mut Vec<Box<dyn Job>>, set_aside: &mut Vec<Box<dyn Job>>) -> Verdict {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => match self.reopen() {
                Ok(conn) => conn,
                Err(error) => return self.not_written(Fault::of_control(&error)),
            },
        };
        loop {
            if let Err(error) = begin(&conn) {
                return self.not_written(Fault::of_control(&error));
            }
            let Broken { at, fault } = match self.execute(&conn, batch) {
                Ok(executed) => return self.commit(conn, &executed, !set_aside.is_empty()),
                Err(broken) => broken,
            };
            if !conn.is_autocommit() && conn.execute_batch("ROLLBACK").is_err() {
                // The connection is dropped, and with it the transaction.
                return self.not_written(fault);
            }
            if at == batch.len() || set_aside.len() == RERUNS {
                self.conn = Some(conn);
                return self.not_written(fault);
            }
            let mut job = batch.remove(at);
            job.fail(fault.unavailable());
            set_aside.push(job);
            if batch.is_empty() {
                self.conn = Some(conn);
                return Verdict::Durable;
            }
        }
    }

    fn not_written(&self, fault: Fault) -> Verdict {
        self.raise(&fault);
        Verdict::NotWritten(fault)
    }

    fn execute(&self, conn: &Connection, batch: &mut [Box<dyn Job>]) -> Result<Executed, Broken> {
        let tx = Tx::new(conn, &self.failpoints, (self.clock.now(), &self.quiet));
        let changes = conn.total_changes();
        let mut faulty = false;
        for (at, job) in batch.iter_mut().enumerate() {
            let broken = |error: rusqlite::Error| Broken {
                at,
                fault: Fault::of_control(&error),
            };
            control(conn, "SAVEPOINT op").map_err(broken)?;
            let entry = tx.entry();
            match job.run(&tx) {
                Ran::Done => {
                    control(conn, "RELEASE op").map_err(broken)?;
                    continue;
                }
                Ran::Refused => {}
                Ran::Fault(fault) => {
                    self.raise(&fault);
                    faulty = true;
                    if conn.is_autocommit() {
                        return Err(Broken { at, fault });
                    }
                }
            }
            // A refusal of any kind must find the transaction standing too: without it, this would fail.
            control(conn, "ROLLBACK TO op").map_err(broken)?;
            control(conn, "RELEASE op").map_err(broken)?;
            tx.set_entry(entry);
        }
        let evidence = match tx.proof() {
            Some(entry) => Evidence::Entry(entry),
            None if conn.total_changes() == changes => Evidence::Nothing,
            None => raise_mark(conn)
                .and_then(|()| mark(conn))
                .map(Evidence::Mark)
                .map_err(|error| Broken {
                    at: batch.len(),
                    fault: Fault::of_control(&error),
                })?,
        };
        Ok(Executed { evidence, faulty })
    }
}

fn begin(conn: &Connection) -> rusqlite::Result<()> {
    control(conn, "BEGIN IMMEDIATE")
}

/// Executes a word that controls the transaction, from a kept statement.
pub(crate) fn control(conn: &Connection, sql: &'static str) -> rusqlite::Result<()> {
    conn.prepare_cached(sql)?.execute([]).map(|_| ())
}
