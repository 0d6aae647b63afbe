use rusqlite::params;
use seawall_store::{ClaimLimits, ClaimedRun, NodeId, RunId, Watchers};

use crate::error::OpError;
use crate::ops::create_run::tell_all;
use crate::ops::flow::Flow;
use crate::ops::nodes::prolong;
use crate::rows::lease;
use crate::writer::{Operation, Tx};

// Partial indexes are found by their constants only, so the statements hold them as literals.
const _: () = assert!(ClaimLimits::SUSPECT == 3 && ClaimLimits::GRAVE == 6);

pub(crate) struct Claim {
    pub(crate) node: NodeId,
    pub(crate) limits: ClaimLimits,
    /// Of those that are due at once and those whose timer is past, the latter are asked first.
    pub(crate) timers_begin: bool,
}

/// What was claimed, and whom flow control has told something on the way.
pub(crate) struct Claimed {
    pub(crate) runs: Vec<ClaimedRun>,
    told: Vec<RunId>,
}

impl Operation for Claim {
    type Answer = Claimed;

    fn run(&self, tx: &Tx<'_>) -> Result<Claimed, OpError> {
        prolong(tx, self.node, self.limits.ttl)?;
        let mut flow = Flow::new(tx);
        flow.admit_due()?;
        let mut chosen = self.suspects(tx)?;
        self.choose(tx, &mut chosen)?;
        let chosen = chosen.into_iter();
        let runs = chosen.map(|run_no| self.take(tx, run_no)).collect::<Result<_, _>>()?;
        Ok(Claimed { runs, told: flow.told })
    }

    fn tell(&self, claimed: &Claimed, watchers: &Watchers) {
        tell_all(&claimed.told, watchers);
    }
}

impl Claim {
    /// Those that may be what their holders die of: some, or one that is claimed by itself.
    fn suspects(&self, tx: &Tx<'_>) -> rusqlite::Result<Vec<i64>> {
        let most = self.limits.suspects.min(self.limits.max.div_ceil(2));
        let light = self.suspects_of(tx, false, most)?;
        if light.is_empty() && self.limits.grave {
            return self.suspects_of(tx, true, most.min(1));
        }
        Ok(light)
    }

    fn suspects_of(&self, tx: &Tx<'_>, grave: bool, most: u32) -> rusqlite::Result<Vec<i64>> {
        if most == 0 {
            return Ok(Vec::new());
        }
        tx.statement(
            "SELECT run_no FROM runs
             WHERE holder IS NULL AND due IS NOT NULL AND deaths >= 3 AND (deaths >= 6) = ?1 AND due <= ?2
                 AND reader <= ?3
             ORDER BY due, run_no LIMIT ?4",
        )?
        .query_map(params![grave, tx.now().as_millis(), self.limits.reader, most], |row| {
            row.get(0)
        })?
        .collect()
    }

    /// All others: what is due at once and what has a timer that is past, in turns.
    fn choose(&self, tx: &Tx<'_>, chosen: &mut Vec<i64>) -> rusqlite::Result<()> {
        let mut at_once = tx.statement(
            "SELECT run_no FROM runs
             WHERE holder IS NULL AND due IS NOT NULL AND deaths < 3 AND due <= 0 AND reader <= ?1
             ORDER BY due, run_no",
        )?;
        let mut timers = tx.statement(
            "SELECT run_no FROM runs
             WHERE holder IS NULL AND due IS NOT NULL AND deaths < 3 AND due > 0 AND due <= ?2 AND reader <= ?1
             ORDER BY due, run_no",
        )?;
        let reader = self.limits.reader;
        let (mut one, mut other) = (
            at_once.query([reader])?,
            timers.query(params![reader, tx.now().as_millis()])?,
        );
        if self.timers_begin {
            std::mem::swap(&mut one, &mut other);
        }
        while chosen.len() < self.limits.max as usize {
            let row = match one.next()? {
                Some(row) => row,
                // Nobody is left to take turns with.
                None => match other.next()? {
                    Some(row) => row,
                    None => break,
                },
            };
            chosen.push(row.get(0)?);
            std::mem::swap(&mut one, &mut other);
        }
        Ok(())
    }

    fn take(&self, tx: &Tx<'_>, run_no: i64) -> Result<ClaimedRun, OpError> {
        tx.statement("UPDATE runs SET holder = ?2, epoch = epoch + 1, due = NULL WHERE run_no = ?1")?
            .execute(params![run_no, self.node.uuid().as_bytes()])?;
        let claimed = tx
            .statement(
                "SELECT r.run_no, r.id, t.name, r.epoch, r.deaths
                 FROM runs r JOIN tenants t ON t.tenant_no = r.tenant_no WHERE r.run_no = ?1",
            )?
            .query_row([run_no], |row| {
                Ok(ClaimedRun {
                    lease: lease(row, self.node)?,
                    deaths: row.get(4)?,
                })
            })?;
        Ok(claimed)
    }
}
