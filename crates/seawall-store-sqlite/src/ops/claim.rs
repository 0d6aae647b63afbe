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
    /// What is due, earliest first; suspects are passed over, but for the first one if they are wanted.
    fn choose(&self, tx: &Tx<'_>) -> rusqlite::Result<Vec<i64>> {
        let mut statement = tx.statement(
            "SELECT run_no, deaths FROM runs WHERE holder IS NULL AND due IS NOT NULL AND due <= ?1
             ORDER BY due, run_no",
        )?;
        let mut rows = statement.query([tx.now().as_millis()])?;
        let mut chosen = Vec::new();
        let mut suspects = self.limits.suspects;
        while chosen.len() < self.limits.max as usize {
            let Some(row) = rows.next()? else { break };
            if row.get::<_, u32>(1)? < SUSPECT || std::mem::take(&mut suspects) {
                chosen.push(row.get(0)?);
            }
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
