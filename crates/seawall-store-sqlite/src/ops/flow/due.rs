use rusqlite::params;
use seawall_store::{FlowEntry, Timestamp};

use super::{Flow, Numbered};
use crate::codec::run_id_at;
use crate::error::OpError;

impl Flow<'_, '_> {
    /// What may begin by now because of the time alone: at most so many of each kind.
    pub(in crate::ops) fn admit_due(&mut self) -> Result<(), OpError> {
        self.begin_waits_anew()?;
        let now = self.tx.now().as_millis();
        let quiet = self
            .tx
            .statement(
                "SELECT f.run_no, r.id, f.not_before
                 FROM flow_runs f CROSS JOIN runs r ON r.run_no = f.run_no
                 WHERE f.stage = 0 AND f.not_before <= ?1 ORDER BY f.not_before, f.run_no LIMIT ?2",
            )?
            .query_map(params![now, FlowEntry::MAX_ADMITTED], |row| {
                let run = Numbered {
                    run_no: row.get(0)?,
                    id: run_id_at(row, 1)?,
                };
                Ok((run, Timestamp::from_millis(row.get(2)?)))
            })?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        for (run, at) in quiet {
            self.end_quiet(run, at)?;
        }
        for line_no in self.lines(
            "SELECT line_no FROM flow_lines WHERE next_at IS NOT NULL AND next_at <= ?1
             ORDER BY next_at, line_no LIMIT ?2",
        )? {
            self.look_again(line_no)?;
        }
        // Of another clock: by this one they may be due.
        for line_no in self.lines(
            "SELECT line_no FROM flow_lines WHERE next_at IS NOT NULL AND counted_at > ?1
             ORDER BY counted_at, line_no LIMIT ?2",
        )? {
            self.look_again(line_no)?;
        }
        Ok(())
    }

    /// Waits of debounced runs that were counted from a later clock than now: at most so many.
    fn begin_waits_anew(&self) -> rusqlite::Result<()> {
        let (now, clock) = (self.tx.now(), self.tx.quiet_clock());
        if clock.latest() <= now {
            return Ok(());
        }
        let anew = self
            .tx
            .statement(
                "UPDATE flow_runs SET first_at = first_at - (since - ?1), not_before = not_before - (since - ?1),
                                      since = ?1
                 WHERE run_no IN (SELECT run_no FROM flow_runs WHERE stage = 0 AND since > ?1
                                  ORDER BY since, run_no LIMIT ?2)",
            )?
            .execute(params![now.as_millis(), FlowEntry::MAX_ADMITTED])?;
        if anew == 0 {
            clock.is_none_after(now);
        }
        Ok(())
    }

    /// At most so many lines that this query finds now.
    fn lines(&self, sql: &'static str) -> rusqlite::Result<Vec<i64>> {
        self.tx
            .statement(sql)?
            .query_map(params![self.tx.now().as_millis(), FlowEntry::MAX_ADMITTED], |row| {
                row.get(0)
            })?
            .collect()
    }

    fn look_again(&mut self, line_no: i64) -> rusqlite::Result<()> {
        let mut line = self.line(line_no)?;
        self.admit(&mut line)?;
        self.save(&line)
    }
}
