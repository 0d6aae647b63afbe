use rusqlite::{OptionalExtension as _, params};
use seawall_store::{RunId, Timestamp};

use super::ask::Asking;
use super::{Flow, Numbered};
use crate::error::OpError;

impl Flow<'_, '_> {
    /// The run's status has become terminal: what it has or waits for is free for the next ones.
    pub(in crate::ops) fn leave(&mut self, run_no: i64) -> Result<(), OpError> {
        let (line_no, stage): (i64, i64) = self
            .tx
            .statement("SELECT line_no, stage FROM flow_runs WHERE run_no = ?1")?
            .query_row([run_no], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut line = self.line(line_no)?;
        match stage {
            0 => line.quiet -= 1,
            1 => line.queued -= 1,
            _ => line.running -= 1,
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

    /// A released run asks once more. What it never got has lost its meaning: what was withheld begins it.
    pub(in crate::ops) fn come_back(&mut self, run_no: i64, id: RunId) -> Result<(), OpError> {
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
        let (at, outside) = (now, true);
        self.ask(Asking { run, at, outside }, line)
    }
}
