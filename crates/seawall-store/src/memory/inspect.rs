use std::collections::BTreeMap;

use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::{RunId, RunKey, TaskId, TenantId};
use crate::memory::fault::StoreOp;
use crate::memory::state::{ApprovalRow, State};
use crate::memory::store::MemoryStore;
use crate::records::{
    ApprovalStatus, InspectedRun, InspectedSchedule, MessageKey, Miscount, RunParts, RunRepair, RunStatus, Strays,
    TaskStatus, WorkflowRecord, WorkflowVersion,
};
use crate::roles::InspectStore;
use crate::time::Timestamp;

impl State {
    fn repair(&mut self, repair: RunRepair, now: Timestamp) -> bool {
        let row = self.runs.get_mut(&repair.run).filter(|row| row.record.id == repair.id);
        let Some(row) = row else { return false };
        let tenant = row.tenant.clone();
        let run = repair.run;
        row.record.projection = repair.projection;
        row.record.last_seq = repair.last_seq;
        if repair.release {
            row.record.holder = None;
        }
        row.record.due = if row.record.holder.is_none() { repair.due } else { None };
        for record in repair.approvals {
            match self.approval_mut(record.id) {
                Some(kept) => kept.record = record,
                None => {
                    let number = self.number();
                    let decided = record.status != ApprovalStatus::Pending;
                    let tenant = tenant.clone();
                    self.approvals.insert(
                        number,
                        ApprovalRow {
                            tenant,
                            record,
                            decided,
                        },
                    );
                }
            }
        }
        self.repair_place(run, (repair.leaves, repair.readmit), now);
        true
    }

    fn tasks_of(&self, run: RunKey) -> BTreeMap<TaskId, TaskStatus> {
        let rows = self.tasks.values().filter(|row| row.run == run);
        rows.map(|row| (row.record.id, row.record.status)).collect()
    }

    fn repair_place(&mut self, run: RunKey, (leaves, readmit): (bool, bool), now: Timestamp) {
        if leaves {
            self.forget_withheld(run);
            self.leave(run, now);
        }
        if readmit && self.runs[&run].record.due.is_some() && self.is_released(run) {
            if let Some(row) = self.runs.get_mut(&run) {
                row.record.due = None;
            }
            self.withhold_unread(run);
            if self.may_come_back(run).is_ok() {
                self.come_back(run, now);
            } else {
                self.forget_withheld(run);
            }
        }
    }
}

impl InspectStore for MemoryStore {
    fn inspect_runs(&self, after: Option<RunKey>, limit: u32) -> BoxFuture<'_, StoreResult<Vec<InspectedRun>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let rows = state
                    .runs
                    .values()
                    .filter(|row| after.is_none_or(|after| after < row.record.key));
                let inspected = rows.map(|row| InspectedRun {
                    key: row.record.key,
                    id: Some(row.record.id),
                    tenant: Some(row.tenant.clone()),
                    row: Ok(row.record.clone()),
                    holder_lives: row
                        .record
                        .holder
                        .is_none_or(|holder| state.nodes.get(&holder.uuid()).is_some_and(|node| !node.buried)),
                });
                Ok(inspected.take(limit as usize).collect())
            })
        })
    }

    fn inspect_parts(&self, run: RunKey) -> BoxFuture<'_, StoreResult<RunParts>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let Some(row) = state.runs.get(&run) else {
                    return Ok(RunParts::default());
                };
                let approvals = state.approvals.values().map(|approval| &approval.record);
                Ok(RunParts {
                    segments: row.segments.clone(),
                    approvals: approvals
                        .filter(|approval| approval.run == row.record.id)
                        .cloned()
                        .collect(),
                    unread: row.inbox.iter().map(|message| message.key.clone()).collect(),
                    withheld: row.withheld.len() as u64,
                    stage: state.flow_runs.get(&run).map(|place| place.stage),
                    tasks: state.tasks_of(run),
                    troubles: Vec::new(),
                })
            })
        })
    }

    fn inspect_id<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: RunId,
    ) -> BoxFuture<'a, StoreResult<Option<(RunKey, RunStatus)>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, Some(id), |state, _| {
                let row = state.run_by_id(tenant, id).ok();
                Ok(row.map(|row| (row.record.key, row.record.projection.status)))
            })
        })
    }

    fn inspect_message<'a>(&'a self, run: RunKey, key: &'a MessageKey) -> BoxFuture<'a, StoreResult<Option<bool>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let row = state.runs.get(&run).filter(|row| row.known.contains_key(key));
                Ok(row.map(|row| row.inbox.iter().any(|message| message.key == *key)))
            })
        })
    }

    fn inspect_workflow<'a>(
        &'a self,
        tenant: &'a TenantId,
        workflow: &'a WorkflowVersion,
    ) -> BoxFuture<'a, StoreResult<Option<WorkflowRecord>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let mut rows = state.workflows.values();
                let row = rows.find(|row| row.id == workflow.id && row.tenant == *tenant);
                let version = row.and_then(|row| row.versions.iter().find(|kept| kept.version == workflow.version));
                Ok(version.cloned())
            })
        })
    }

    fn inspect_strays(&self) -> BoxFuture<'_, StoreResult<Vec<Strays>>> {
        // Everything lives inside its run here, but for these.
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let keys = state
                    .keys
                    .values()
                    .filter(|key| !state.runs.contains_key(&key.run))
                    .count() as u64;
                let strays = Strays {
                    what: "idempotency_keys",
                    rows: keys,
                };
                Ok(if keys > 0 { vec![strays] } else { Vec::new() })
            })
        })
    }

    fn inspect_schedules(&self, after: Option<i64>, limit: u32) -> BoxFuture<'_, StoreResult<Vec<InspectedSchedule>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let rows = state.schedules.iter();
                let rows = rows.filter(|(place, _)| after.is_none_or(|after| after < **place));
                let inspected = rows.map(|(place, row)| InspectedSchedule {
                    place: *place,
                    id: Some(row.record.id),
                    row: Ok(row.record.clone()),
                });
                Ok(inspected.take(limit as usize).collect())
            })
        })
    }

    fn inspect_counts(&self) -> BoxFuture<'_, StoreResult<Vec<Miscount>>> {
        // Everything is counted anew at every question.
        Box::pin(async move { self.call(StoreOp::Read, None, |_, _| Ok(Vec::new())) })
    }

    fn integrity(&self, _limit: u32) -> BoxFuture<'_, StoreResult<Vec<String>>> {
        Box::pin(async move { self.call(StoreOp::Read, None, |_, _| Ok(Vec::new())) })
    }

    fn repair_run(&self, repair: RunRepair) -> BoxFuture<'_, StoreResult<bool>> {
        Box::pin(async move {
            self.call(StoreOp::Repair, Some(repair.id), |state, now| {
                Ok(state.repair(repair, now))
            })
        })
    }

    fn clear_strays(&self) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(async move {
            self.call(StoreOp::Repair, None, |state, _| {
                let (runs, before) = (&state.runs, state.keys.len());
                state.keys.retain(|_, key| runs.contains_key(&key.run));
                Ok((before - state.keys.len()) as u64)
            })
        })
    }

    fn recount(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move { self.call(StoreOp::Repair, None, |_, _| Ok(())) })
    }
}
