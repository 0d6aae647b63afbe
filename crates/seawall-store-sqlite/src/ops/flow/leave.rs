use rusqlite::{OptionalExtension as _, params};
use seawall_store::{RunId, Timestamp};

use super::ask::Asking;
use super::line::less;
use super::{Asker, Flow, Numbered};
use crate::error::OpError;
use crate::ops::deliver::forget_withheld;

impl Flow<'_, '_> {
    /// The run's status has become terminal: what it has or waits for is free for the next ones.
    pub(in crate::ops) fn leave(&mut self, run_no: i64) -> Result<(), OpError> {
        let stage: i64 = self
            .tx
            .statement("SELECT stage FROM flow_runs WHERE run_no = ?1")?
            .query_row([run_no], |row| row.get(0))?;
        let mut line = self.line_of(run_no)?;
        match stage {
            0 => line.quiet = less(line.quiet),
            1 => line.queued = less(line.queued),
            _ => line.running = less(line.running),
        }
        self.release(run_no)?;
        self.admit(&mut line)?;
        Ok(self.save(&line)?)
    }

    /// Whether the run needs a new admission before it can go on.
    pub(in crate::ops) fn is_released(&self, run_no: i64) -> rusqlite::Result<bool> {
        let stage: Option<i64> = self
            .tx
            .statement("SELECT stage FROM flow_runs WHERE run_no = ?1")?
            .query_row([run_no], |row| row.get(0))
            .optional()?;
        Ok(stage == Some(3))
    }

    /// Whether the run has a place that it can leave.
    pub(in crate::ops) fn is_counted(&self, run_no: i64) -> rusqlite::Result<bool> {
        self.tx
            .statement("SELECT 1 FROM flow_runs WHERE run_no = ?1 AND stage < 3")?
            .exists([run_no])
    }

    /// Whether a released run would not be refused now.
    pub(in crate::ops) fn may_come_back(&self, run_no: i64) -> rusqlite::Result<bool> {
        self.tx
            .statement(include_str!("../../sql/may_come_back.sql"))?
            .query_row([run_no], |row| row.get(0))
    }

    /// The run waits for its new admission no longer. False: it does not wait for one.
    pub(in crate::ops) fn give_up(&mut self, run_no: i64) -> Result<bool, OpError> {
        let waits = forget_withheld(self.tx, run_no)?;
        if waits && self.is_counted(run_no)? {
            self.leave(run_no)?;
        }
        Ok(waits)
    }

    /// A released run asks once more. What it never got has lost its meaning: what was withheld begins it.
    pub(in crate::ops) fn come_back(&mut self, run_no: i64, id: RunId, asker: Asker) -> Result<(), OpError> {
        let now: Timestamp = self.tx.now();
        let (scope_no, key): (i64, String) = self
            .tx
            .statement("SELECT scope_no, key FROM flow_runs WHERE run_no = ?1")?
            .query_row([run_no], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let line = self.begin_line(scope_no, &key)?;
        self.tx
            .statement("UPDATE flow_runs SET since = ?2, admitted = NULL WHERE run_no = ?1")?
            .execute(params![run_no, now.as_millis()])?;
        self.tx
            .statement("UPDATE runs SET flow = 1 WHERE run_no = ?1")?
            .execute([run_no])?;
        let run = Numbered { run_no, id };
        self.ask(Asking { run, at: now, asker }, line)
    }
}
