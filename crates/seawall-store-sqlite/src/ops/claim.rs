use rusqlite::params;
use seawall_store::{ClaimLimits, ClaimedRun, NodeId, RunId, Watchers};

use crate::error::OpError;
use crate::ops::create_run::tell_all;
use crate::ops::flow::Flow;
use crate::ops::nodes::prolong;
use crate::rows::lease;
use crate::writer::{Operation, Tx};

/// From this many deaths on a run is a suspect.
const SUSPECT: u32 = 3;

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
        let chosen = self.choose(tx)?.into_iter();
        let runs = chosen.map(|run_no| self.take(tx, run_no)).collect::<Result<_, _>>()?;
        Ok(Claimed { runs, told: flow.told })
    }

    fn tell(&self, claimed: &Claimed, watchers: &Watchers) {
        tell_all(&claimed.told, watchers);
    }
}

impl Claim {
    /// What is due at once and what has a timer that is past, in turns; suspects are passed over, but for the first one if
    /// they are wanted. One that is passed over has had its turn.
    fn choose(&self, tx: &Tx<'_>) -> rusqlite::Result<Vec<i64>> {
        let mut at_once = tx.statement(
            "SELECT run_no, deaths FROM runs
             WHERE holder IS NULL AND due IS NOT NULL AND due <= 0 AND reader <= ?1
             ORDER BY due, run_no",
        )?;
        let mut timers = tx.statement(
            "SELECT run_no, deaths FROM runs
             WHERE holder IS NULL AND due IS NOT NULL AND due > 0 AND due <= ?2 AND reader <= ?1
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
        let mut chosen = Vec::new();
        let mut suspects = self.limits.suspects;
        while chosen.len() < self.limits.max as usize {
            let row = match one.next()? {
                Some(row) => row,
                // Nobody is left to take turns with.
                None => match other.next()? {
                    Some(row) => row,
                    None => break,
                },
            };
            if row.get::<_, u32>(1)? < SUSPECT || std::mem::take(&mut suspects) {
                chosen.push(row.get(0)?);
            }
            std::mem::swap(&mut one, &mut other);
        }
        Ok(chosen)
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
