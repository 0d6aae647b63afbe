use rusqlite::{OptionalExtension as _, params};
use seawall_store::{FlowEntry, RunId, StoreError, Timestamp, flow_order};

use super::line::{Line, less};
use super::{Asker, Flow, Numbered};
use crate::codec::run_id_at;
use crate::error::OpError;
use crate::ops::deliver::forget_withheld;

/// A run asks for its admission.
#[derive(Clone, Copy)]
pub(super) struct Asking {
    pub(super) run: Numbered,
    /// For its place in the queue.
    pub(super) at: Timestamp,
    pub(super) asker: Asker,
}

const REJECT: i64 = 1;
const CANCEL_RUNNING: i64 = 2;

impl Flow<'_, '_> {
    /// The line is as it is without this run, and is saved here.
    pub(super) fn ask(&mut self, asking: Asking, mut line: Line) -> Result<(), OpError> {
        let Asking { run, at, asker } = asking;
        let (priority, on_conflict, message) = self
            .tx
            .statement("SELECT priority, on_conflict, conflict FROM flow_runs WHERE run_no = ?1")?
            .query_row([run.run_no], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<Vec<u8>>>(2)?))
            })?;
        if let Some(slots) = line.slots
            && let running = line.running.saturating_add(line.queued)
            && running >= slots
        {
            let message = message.unwrap_or_default();
            match on_conflict {
                REJECT if asker == Asker::Outside => return Err(StoreError::FlowRejected { running, slots }.into()),
                REJECT => {
                    self.release(run.run_no)?;
                    // It may have been refused before.
                    let key = if forget_withheld(self.tx, run.run_no)? {
                        format!("rejected:{}", self.last_seq(run.run_no)?)
                    } else {
                        "rejected".to_owned()
                    };
                    self.send(run, key, &message)?;
                    return Ok(self.save(&line)?);
                }
                CANCEL_RUNNING => self.clear(&mut line, run.id, &message)?,
                _ => {}
            }
        }
        self.tx
            .statement(
                "UPDATE flow_runs SET stage = 1, line_no = ?2, place = ?3, quiet_key = NULL, not_before = NULL
                 WHERE run_no = ?1",
            )?
            .execute(params![run.run_no, line.line_no, flow_order(at, priority)])?;
        line.queued = line.queued.saturating_add(1);
        self.admit(&mut line)?;
        Ok(self.save(&line)?)
    }

    /// Everybody gives way to `by`. Those that run keep their slots until they have ended.
    fn clear(&mut self, line: &mut Line, by: RunId, message: &[u8]) -> Result<(), OpError> {
        for run in self.first_queued(line.line_no, FlowEntry::MAX_SUPERSEDED)? {
            self.release(run.run_no)?;
            line.queued = less(line.queued);
            // One that has ended and waits for its retry has nothing to give up but that: it can be asked for again. Nobody waits
            // for it but a parent.
            if !forget_withheld(self.tx, run.run_no)? || self.is_child(run.run_no)? {
                self.supersede(run, by, message)?;
            }
        }
        for run in self.untold(line.line_no)? {
            if self.supersede(run, by, message)? {
                self.tx
                    .statement("UPDATE flow_runs SET told = 1 WHERE run_no = ?1")?
                    .execute([run.run_no])?;
            }
        }
        Ok(())
    }

    fn is_child(&self, run_no: i64) -> rusqlite::Result<bool> {
        self.tx
            .statement("SELECT 1 FROM run_parents WHERE run_no = ?1")?
            .exists([run_no])
    }

    fn first_queued(&self, line_no: i64, limit: u32) -> rusqlite::Result<Vec<Numbered>> {
        self.tx
            .statement(
                "SELECT f.run_no, r.id FROM flow_runs f CROSS JOIN runs r ON r.run_no = f.run_no
                 WHERE f.line_no = ?1 AND f.stage = 1 ORDER BY f.place, f.run_no LIMIT ?2",
            )?
            .query_map(params![line_no, limit], numbered)?
            .collect()
    }

    /// Those that run and were not told to give way since their admission. Their number is bounded by the slots.
    fn untold(&self, line_no: i64) -> rusqlite::Result<Vec<Numbered>> {
        self.tx
            .statement(
                "SELECT f.run_no, r.id FROM flow_runs f CROSS JOIN runs r ON r.run_no = f.run_no
                 WHERE f.line_no = ?1 AND f.stage = 2 AND f.told = 0 ORDER BY f.run_no",
            )?
            .query_map([line_no], numbered)?
            .collect()
    }

    /// The first of the queue.
    pub(super) fn head(&self, line_no: i64) -> rusqlite::Result<Option<(Numbered, Option<Vec<u8>>)>> {
        self.tx
            .statement(
                "SELECT f.run_no, r.id, f.admitted FROM flow_runs f CROSS JOIN runs r ON r.run_no = f.run_no
                 WHERE f.line_no = ?1 AND f.stage = 1 ORDER BY f.place, f.run_no LIMIT 1",
            )?
            .query_row([line_no], |row| Ok((numbered(row)?, row.get(2)?)))
            .optional()
    }
}

fn numbered(row: &rusqlite::Row<'_>) -> rusqlite::Result<Numbered> {
    Ok(Numbered {
        run_no: row.get(0)?,
        id: run_id_at(row, 1)?,
    })
}
