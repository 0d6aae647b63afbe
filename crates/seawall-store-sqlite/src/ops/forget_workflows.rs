use rusqlite::{OptionalExtension as _, params};
use seawall_store::{Timestamp, Watchers, WorkflowId};

use crate::codec::uuid_at;
use crate::error::OpError;
use crate::latest::LatestWorkflows;
use crate::writer::{Operation, Tx};

/// What flow control keeps of a workflow of which there is no run any more: clocks of rates, and then its numbers.
const OF_ITS_SCOPE: [&str; 2] = [
    "DELETE FROM flow_lines WHERE scope_no IN (
         SELECT s.scope_no FROM workflows w JOIN flow_scopes s ON s.tenant_no = w.tenant_no AND s.workflow = w.id
         WHERE w.workflow_no = ?1 AND NOT EXISTS (SELECT 1 FROM flow_runs f WHERE f.scope_no = s.scope_no))",
    "DELETE FROM flow_scopes WHERE scope_no IN (
         SELECT s.scope_no FROM workflows w JOIN flow_scopes s ON s.tenant_no = w.tenant_no AND s.workflow = w.id
         WHERE w.workflow_no = ?1 AND NOT EXISTS (SELECT 1 FROM flow_runs f WHERE f.scope_no = s.scope_no))",
];

/// A workflow that a reader found unused.
#[derive(Clone, Copy)]
pub(crate) struct Unused {
    pub(crate) workflow_no: i64,
    /// The last run that the reader saw.
    pub(crate) last_run: i64,
}

/// Forgets those that are unused still.
pub(crate) struct ForgetWorkflows {
    pub(crate) unused: Vec<Unused>,
    /// Nobody used them after this.
    pub(crate) since: Timestamp,
    pub(crate) latest: LatestWorkflows,
}

impl Operation for ForgetWorkflows {
    type Answer = Vec<WorkflowId>;

    fn run(&self, tx: &Tx<'_>) -> Result<Vec<WorkflowId>, OpError> {
        let mut forgotten = Vec::new();
        for unused in &self.unused {
            let id = tx
                .statement(include_str!("../sql/still_unused.sql"))?
                .query_row(
                    params![unused.workflow_no, unused.last_run, self.since.as_millis()],
                    |row| uuid_at(row, 0),
                )
                .optional()?;
            let Some(id) = id else { continue };
            tx.statement("DELETE FROM run_workflows WHERE id = ?1")?
                .execute([id.as_bytes()])?;
            for sql in OF_ITS_SCOPE {
                tx.statement(sql)?.execute([unused.workflow_no])?;
            }
            for sql in [
                "DELETE FROM workflow_versions WHERE workflow_no = ?1",
                "DELETE FROM workflows WHERE workflow_no = ?1",
            ] {
                tx.statement(sql)?.execute([unused.workflow_no])?;
            }
            forgotten.push(WorkflowId::from_uuid(id));
        }
        Ok(forgotten)
    }

    fn tell(&self, _answer: &Vec<WorkflowId>, _watchers: &Watchers) {
        self.latest.changed();
    }
}
