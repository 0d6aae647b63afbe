use rusqlite::{OptionalExtension as _, params};
use seawall_store::{Debounce, FlowEntry, OnConflict, RunId, Timestamp};

use super::ask::Asking;
use super::line::less;
use super::{Asker, Flow, Numbered};
use crate::codec::run_id_at;
use crate::error::OpError;

/// The quiet time that a debounced run waits for.
struct Quiet {
    first_at: Timestamp,
    not_before: Timestamp,
}

/// A debounced run that waits.
struct Waiting {
    run: Numbered,
    /// What the times were counted from.
    since: Timestamp,
    first_at: Timestamp,
    not_before: Timestamp,
}

impl Flow<'_, '_> {
    /// A run whose row was just written.
    pub(in crate::ops) fn come_in(
        &mut self,
        tenant_no: i64,
        run: Numbered,
        (priority, entry): (i8, &FlowEntry),
        asker: Asker,
    ) -> Result<(), OpError> {
        let scope_no = self.scope(tenant_no, entry)?;
        let quiet = match &entry.debounce {
            Some(debounce) => Some(self.supersede_quiet(scope_no, run.id, debounce)?),
            None => None,
        };
        let mut line = self.begin_line(scope_no, entry.key.as_deref().unwrap_or_default())?;
        self.insert(run.run_no, scope_no, priority, entry)?;
        self.tx
            .statement("UPDATE flow_runs SET line_no = ?2 WHERE run_no = ?1")?
            .execute([run.run_no, line.line_no])?;
        let Some(quiet) = quiet else {
            let asking = Asking {
                run,
                at: self.tx.now(),
                asker,
            };
            return self.ask(asking, line);
        };
        let key = entry.debounce.as_ref().and_then(|debounce| debounce.key.as_deref());
        self.tx
            .statement(
                "UPDATE flow_runs SET stage = 0, quiet_key = ?2, first_at = ?3, not_before = ?4 WHERE run_no = ?1",
            )?
            .execute(params![
                run.run_no,
                key.unwrap_or_default(),
                quiet.first_at.as_millis(),
                quiet.not_before.as_millis()
            ])?;
        line.quiet = line.quiet.saturating_add(1);
        self.save(&line)?;
        self.tx.quiet_clock().count_from(self.tx.now());
        Ok(())
    }

    fn insert(&self, run_no: i64, scope_no: i64, priority: i8, entry: &FlowEntry) -> rusqlite::Result<()> {
        let (on_conflict, message) = match &entry.on_conflict {
            OnConflict::Queue => (0, None),
            OnConflict::Reject { message } => (1, Some(message)),
            OnConflict::CancelRunning { message } => (2, Some(message)),
        };
        self.tx
            .statement(
                "INSERT INTO flow_runs (run_no, scope_no, key, stage, told, priority, place, since, on_conflict,
                                        conflict, admitted)
                 VALUES (?1, ?2, ?3, 3, 0, ?4, 0, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                run_no,
                scope_no,
                entry.key.as_deref().unwrap_or_default(),
                priority,
                self.tx.now().as_millis(),
                on_conflict,
                message,
                entry.admitted
            ])?;
        Ok(())
    }

    /// The one of the same debounce key gives way, and its burst goes on with the new one.
    fn supersede_quiet(&mut self, scope_no: i64, by: RunId, debounce: &Debounce) -> Result<Quiet, OpError> {
        let now = self.tx.now();
        let mut first_at = now;
        if let Some(before) = self.waiting(scope_no, debounce.key.as_deref().unwrap_or_default())? {
            if before.not_before <= now {
                self.end_quiet(before.run, before.not_before)?;
            } else {
                // Of a clock that was set back since: the burst lasts as long as it did then.
                first_at = before.first_at.saturating_sub(before.since.since(now));
                let mut line = self.line_of(before.run.run_no)?;
                self.release(before.run.run_no)?;
                line.quiet = less(line.quiet);
                self.save(&line)?;
                self.supersede(before.run, by, &debounce.message)?;
            }
        }
        let latest = first_at.saturating_add(debounce.max_wait);
        Ok(Quiet {
            first_at,
            not_before: now.saturating_add(debounce.period).min(latest),
        })
    }

    fn waiting(&self, scope_no: i64, key: &str) -> rusqlite::Result<Option<Waiting>> {
        self.tx
            .statement(
                "SELECT f.run_no, r.id, f.first_at, f.not_before, f.since
                 FROM flow_runs f CROSS JOIN runs r ON r.run_no = f.run_no
                 WHERE f.scope_no = ?1 AND f.quiet_key = ?2 AND f.stage = 0",
            )?
            .query_row(params![scope_no, key], |row| {
                Ok(Waiting {
                    run: Numbered {
                        run_no: row.get(0)?,
                        id: run_id_at(row, 1)?,
                    },
                    first_at: Timestamp::from_millis(row.get(2)?),
                    not_before: Timestamp::from_millis(row.get(3)?),
                    since: Timestamp::from_millis(row.get(4)?),
                })
            })
            .optional()
    }

    /// A debounced run has waited long enough and asks, as if at the end of its wait.
    pub(super) fn end_quiet(&mut self, run: Numbered, at: Timestamp) -> Result<(), OpError> {
        let mut line = self.line_of(run.run_no)?;
        line.quiet = less(line.quiet);
        let asker = Asker::Inside;
        self.ask(Asking { run, at, asker }, line)
    }
}
