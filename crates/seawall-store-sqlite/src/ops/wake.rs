use rusqlite::params;
use seawall_store::{RunId, TenantId, Watchers};

use crate::error::OpError;
use crate::writer::{Operation, Tx};

/// What runs wait for has come before their time.
pub(crate) struct Wake {
    pub(crate) tenant: TenantId,
    pub(crate) runs: Vec<RunId>,
}

impl Operation for Wake {
    type Answer = u32;

    fn run(&self, tx: &Tx<'_>) -> Result<u32, OpError> {
        let mut woken = 0;
        for run in &self.runs {
            let changed = tx
                .statement(
                    "UPDATE runs SET due = 0
                     WHERE id = ?1 AND tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?2)
                       AND holder IS NULL AND due > 0 AND deaths < 3",
                )?
                .execute(params![run.uuid().as_bytes(), self.tenant.as_str()])?;
            woken += u32::from(changed > 0);
        }
        Ok(woken)
    }

    fn tell(&self, woken: &u32, watchers: &Watchers) {
        if *woken > 0 {
            watchers.work();
        }
    }

    fn payload(&self) -> usize {
        64 * self.runs.len()
    }
}
