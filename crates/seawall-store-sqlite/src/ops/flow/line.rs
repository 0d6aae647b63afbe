use std::time::Duration;

use rusqlite::{OptionalExtension as _, Row, params};
use seawall_store::{FlowEntry, FlowNumbers, Rate, Spent, Timestamp};

use super::Flow;
use crate::codec::{maybe_millis, time_at};

/// A line with its counts and the numbers that hold for it.
pub(super) struct Line {
    pub(super) line_no: i64,
    pub(super) running: u32,
    pub(super) queued: u32,
    pub(super) quiet: u32,
    /// Kept as `ahead`.
    pub(super) spent: Spent,
    pub(super) next_at: Option<Timestamp>,
    /// Where the clock stood then.
    pub(super) counted_at: Timestamp,
    pub(super) slots: Option<u32>,
    pub(super) rate: Option<Rate>,
}

impl Line {
    const fn is_idle(&self) -> bool {
        self.running == 0 && self.queued == 0 && self.quiet == 0
    }
}

/// One less of what a line counts. Below nothing only a damaged count can go: it stays at that, what is counted beside it is
/// right again with the next repair, and the run that leaves must not be held back by it.
pub(super) const fn less(count: u32) -> u32 {
    count.saturating_sub(1)
}

impl Flow<'_, '_> {
    /// The scope's number, with the numbers of this version unless a higher one was seen.
    pub(super) fn scope(&self, tenant_no: i64, entry: &FlowEntry) -> rusqlite::Result<i64> {
        let id = entry.scope.uuid();
        let numbers = entry.numbers;
        let found = self
            .tx
            .statement(
                "SELECT scope_no, version, slots, rate_limit, rate_per FROM flow_scopes
                 WHERE tenant_no = ?1 AND workflow = ?2",
            )?
            .query_row(params![tenant_no, id.as_bytes()], |row| {
                let kept = FlowNumbers {
                    version: row.get(1)?,
                    slots: row.get(2)?,
                    rate: rate_at(row, 3)?,
                };
                Ok((row.get(0)?, kept))
            })
            .optional()?;
        let (limit, per) = (numbers.rate.map(|rate| rate.limit), numbers.rate.map(per_millis));
        match found {
            None => self
                .tx
                .statement(
                    "INSERT INTO flow_scopes (tenant_no, workflow, version, slots, rate_limit, rate_per)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .insert(params![
                    tenant_no,
                    id.as_bytes(),
                    numbers.version,
                    numbers.slots,
                    limit,
                    per
                ]),
            Some((scope_no, kept)) => {
                if kept.version <= numbers.version && kept != numbers {
                    self.tx
                        .statement(
                            "UPDATE flow_scopes SET version = ?2, slots = ?3, rate_limit = ?4, rate_per = ?5
                             WHERE scope_no = ?1",
                        )?
                        .execute(params![scope_no, numbers.version, numbers.slots, limit, per])?;
                }
                Ok(scope_no)
            }
        }
    }

    /// The line, for a run that comes in. One in which nothing is begins anew, but for its rate's clock.
    pub(super) fn begin_line(&self, scope_no: i64, key: &str) -> rusqlite::Result<Line> {
        let found: Option<i64> = self
            .tx
            .statement("SELECT line_no FROM flow_lines WHERE scope_no = ?1 AND key = ?2")?
            .query_row(params![scope_no, key], |row| row.get(0))
            .optional()?;
        let mut spent = Spent::default();
        if let Some(line_no) = found {
            let line = self.line(line_no)?;
            if !line.is_idle() {
                return Ok(line);
            }
            spent = line.spent;
            self.forget(line_no)?;
        }
        self.sweep()?;
        let line_no = self
            .tx
            .statement(
                "INSERT INTO flow_lines (scope_no, key, running, queued, quiet, ahead) VALUES (?1, ?2, 0, 0, 0, ?3)",
            )?
            .insert(params![scope_no, key, spent.0])?;
        self.line(line_no)
    }

    /// Each new line sweeps two idle ones out whose rate has forgotten them, so that the table is bounded by what counts.
    fn sweep(&self) -> rusqlite::Result<()> {
        self.tx
            .statement(
                "DELETE FROM flow_lines WHERE line_no IN (
                     SELECT line_no FROM flow_lines WHERE running = 0 AND queued = 0 AND quiet = 0 AND ahead <= ?1
                     ORDER BY ahead LIMIT 2)",
            )?
            .execute([Spent::at(self.tx.now()).0])?;
        Ok(())
    }

    /// The line of a run that has a place. One that a damaged count has made go too early is made anew.
    pub(super) fn line_of(&self, run_no: i64) -> rusqlite::Result<Line> {
        let (line_no, scope_no, key): (Option<i64>, i64, String) = self
            .tx
            .statement(
                "SELECT l.line_no, f.scope_no, f.key
                 FROM flow_runs f LEFT JOIN flow_lines l ON l.line_no = f.line_no AND l.scope_no = f.scope_no AND l.key = f.key
                 WHERE f.run_no = ?1",
            )?
            .query_row([run_no], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        match line_no {
            Some(line_no) => self.line(line_no),
            None => self.begin_line(scope_no, &key),
        }
    }

    pub(super) fn line(&self, line_no: i64) -> rusqlite::Result<Line> {
        self.tx
            .statement(
                "SELECT l.line_no, l.running, l.queued, l.quiet, l.ahead, l.next_at, s.slots, s.rate_limit, s.rate_per,
                        l.counted_at
                 FROM flow_lines l CROSS JOIN flow_scopes s ON s.scope_no = l.scope_no WHERE l.line_no = ?1",
            )?
            .query_row([line_no], |row| {
                Ok(Line {
                    line_no: row.get(0)?,
                    running: count_at(row, 1)?,
                    queued: count_at(row, 2)?,
                    quiet: count_at(row, 3)?,
                    spent: Spent(row.get(4)?),
                    next_at: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_millis),
                    slots: row.get(6)?,
                    rate: rate_at(row, 7)?,
                    counted_at: time_at(row, 9)?,
                })
            })
    }

    /// Writes the line; one in which nothing is goes, unless its rate still counts.
    pub(super) fn save(&self, line: &Line) -> rusqlite::Result<()> {
        if line.is_idle() && line.spent <= Spent::at(self.tx.now()) {
            return self.forget(line.line_no);
        }
        self.tx
            .statement(
                "UPDATE flow_lines SET running = ?2, queued = ?3, quiet = ?4, ahead = ?5, next_at = ?6,
                        counted_at = ?7
                 WHERE line_no = ?1",
            )?
            .execute(params![
                line.line_no,
                line.running,
                line.queued,
                line.quiet,
                line.spent.0,
                maybe_millis(line.next_at),
                line.counted_at.as_millis(),
            ])?;
        Ok(())
    }

    fn forget(&self, line_no: i64) -> rusqlite::Result<()> {
        self.tx
            .statement("DELETE FROM flow_lines WHERE line_no = ?1")?
            .execute([line_no])?;
        Ok(())
    }
}

/// What no count can be is the nearest that one can be: see [`less`].
fn count_at(row: &Row<'_>, column: usize) -> rusqlite::Result<u32> {
    let count: i64 = row.get(column)?;
    Ok(u32::try_from(count.clamp(0, u32::MAX.into())).unwrap_or(u32::MAX))
}

fn per_millis(rate: Rate) -> i64 {
    i64::try_from(rate.per.as_millis()).unwrap_or(i64::MAX)
}

/// A rate from two columns.
pub(crate) fn rate_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Rate>> {
    let (limit, per): (Option<u32>, Option<i64>) = (row.get(column)?, row.get(column + 1)?);
    Ok(limit.zip(per).map(|(limit, per)| Rate {
        limit,
        per: Duration::from_millis(u64::try_from(per).unwrap_or(0)),
    }))
}
