use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::{RunId, RunKey, TenantId, WorkflowId};
use crate::memory::fault::StoreOp;
use crate::memory::state::{KeyRow, News, RunRow, State};
use crate::memory::store::MemoryStore;
use crate::memory::task_rows::TaskRow;
use crate::records::{Discard, Fate, FinishedPlace, FlowStage, Forgotten, IdempotencyKey, KeptFor, Sweep, TaskStatus};
use crate::roles::RetentionStore;
use crate::time::Timestamp;

impl State {
    pub(super) fn key_counts(&self, key: &KeyRow, now: Timestamp) -> bool {
        let of = &self.runs[&key.run].record.projection;
        let end = of.finished_at.map(|end| end.saturating_add(IdempotencyKey::OUTLIVES));
        now < key.expires_at || !of.status.is_terminal() || end.is_some_and(|end| now < end)
    }

    fn kept_for(&self, row: &RunRow, now: Timestamp) -> Option<KeptFor> {
        let record = &row.record;
        if !record.projection.status.is_terminal() || record.holder.is_some() || record.due.is_some() {
            return Some(KeptFor::Work);
        }
        // A retry that waits for a slot, and a task whose end is not settled: both are counted elsewhere.
        let flow = self.flow_runs.get(&record.key);
        let open_task = |task: &TaskRow| task.record.run == record.id && task.record.status != TaskStatus::Settled;
        if flow.is_some_and(|row| row.stage != FlowStage::Released) || self.tasks.values().any(open_task) {
            return Some(KeptFor::Work);
        }
        if self
            .keys
            .values()
            .any(|key| key.run == record.key && self.key_counts(key, now))
        {
            return Some(KeptFor::Key);
        }
        let mut kin = self.runs.values().filter(|other| other.tenant == row.tenant);
        let parent = record.parent.as_ref().map(|parent| parent.run);
        if parent.is_some() && kin.any(|other| Some(other.record.id) == parent) {
            return Some(KeptFor::Parent);
        }
        self.has_live_child(row).then_some(KeptFor::Child)
    }

    fn has_live_child(&self, row: &RunRow) -> bool {
        let kin = self.runs.values().filter(|other| other.tenant == row.tenant);
        kin.filter(|other| !other.record.projection.status.is_terminal())
            .filter_map(|other| other.record.parent.as_ref())
            .any(|link| link.run == row.record.id)
    }

    fn discard(&mut self, tenant: &TenantId, discard: Discard, now: Timestamp) -> StoreResult<Fate> {
        let row = self.run_by_id(tenant, discard.run)?;
        let record = &row.record;
        if record.holder.map(|_| record.epoch) != discard.held {
            return Ok(Fate::Kept(KeptFor::Work));
        }
        if self.has_live_child(row) {
            return Ok(Fate::Kept(KeptFor::Child));
        }
        let run = record.key;
        let claimed = |task: &&TaskRow| task.run == run && task.record.status == TaskStatus::Claimed;
        let freed: Vec<_> = self
            .tasks
            .values()
            .filter(claimed)
            .map(|task| task.record.queue.clone())
            .collect();
        self.leave(run, now);
        self.forget(run);
        for queue in freed {
            self.news.push(News::Offered(tenant.clone(), queue, 1));
        }
        if let Some(end) = discard.end
            && let Ok(parent) = self.run_by_id(tenant, end.to)
        {
            let parent = parent.record.key;
            self.deliver(parent, end.key, end.body);
        }
        Ok(Fate::Forgotten)
    }

    fn forget(&mut self, run: RunKey) {
        if let Some(row) = self.runs.remove(&run) {
            self.approvals
                .retain(|_, approval| approval.record.run != row.record.id);
            self.keys.retain(|_, key| key.run != run);
            self.tasks.retain(|_, task| task.record.run != row.record.id);
            self.flow_runs.remove(&run);
        }
    }

    fn forget_finished(&mut self, sweep: Sweep, now: Timestamp) -> Forgotten {
        let mut places: Vec<FinishedPlace> = self.runs.values().filter_map(finished).collect();
        places.retain(|place| place.finished_at <= sweep.before && sweep.after.is_none_or(|after| after < *place));
        places.sort_unstable();
        let mut forgotten = Forgotten::default();
        let mut bytes = 0;
        let mut last = sweep.after;
        for place in places {
            if forgotten.runs + forgotten.kept >= sweep.max_runs {
                forgotten.next = last;
                break;
            }
            let row = &self.runs[&place.run];
            if self.kept_for(row, now).is_some() {
                forgotten.kept += 1;
            } else {
                bytes += row
                    .segments
                    .iter()
                    .map(|segment| segment.bytes.len() as u64)
                    .sum::<u64>();
                if bytes > sweep.max_bytes && forgotten.runs > 0 {
                    forgotten.next = last;
                    break;
                }
                let (id, tenant) = (row.record.id, row.tenant.clone());
                let is_parent = self.runs.values().any(|other| {
                    let parent = other.record.parent.as_ref();
                    other.tenant == tenant && parent.is_some_and(|link| link.run == id)
                });
                self.forget(place.run);
                forgotten.runs += 1;
                forgotten.parents += u32::from(is_parent);
            }
            last = Some(place);
        }
        forgotten
    }

    fn forget_workflows(&mut self, unused_for: Duration, limit: u32, now: Timestamp) -> Vec<WorkflowId> {
        let mut forgotten = Vec::new();
        let (workflows, runs) = (&mut self.workflows, &self.runs);
        workflows.retain(|_, row| {
            let pinned = runs.values().any(|run| run.record.workflow.id == row.id);
            let goes = (row.deleted || row.latest().inline)
                && !pinned
                && row.used_at.max(row.latest().created_at).saturating_add(unused_for) <= now
                && forgotten.len() < limit as usize;
            if goes {
                forgotten.push(row.id);
            }
            !goes
        });
        for id in &forgotten {
            if !self.flow_runs.values().any(|row| row.line.scope == *id) {
                self.flow_lines.retain(|line, _| line.scope != *id);
                self.flow_scopes.retain(|(_, scope), _| scope != id);
            }
        }
        forgotten
    }
}

fn finished(row: &RunRow) -> Option<FinishedPlace> {
    Some(FinishedPlace {
        finished_at: row.record.projection.finished_at?,
        run: row.record.key,
    })
}

impl RetentionStore for MemoryStore {
    fn forget_finished(&self, sweep: Sweep) -> BoxFuture<'_, StoreResult<Forgotten>> {
        Box::pin(async move {
            self.call(
                StoreOp::Forget,
                None,
                |state, now| Ok(state.forget_finished(sweep, now)),
            )
        })
    }

    fn next_finished(&self, after: Timestamp) -> BoxFuture<'_, StoreResult<Option<Timestamp>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let ends = state.runs.values().filter_map(finished).map(|place| place.finished_at);
                Ok(ends.filter(|end| *end > after).min())
            })
        })
    }

    fn forget_run<'a>(&'a self, tenant: &'a TenantId, id: RunId) -> BoxFuture<'a, StoreResult<Fate>> {
        Box::pin(async move {
            self.call(StoreOp::Forget, Some(id), |state, now| {
                let row = state.run_by_id(tenant, id)?;
                if let Some(reason) = state.kept_for(row, now) {
                    return Ok(Fate::Kept(reason));
                }
                let run = row.record.key;
                state.forget(run);
                Ok(Fate::Forgotten)
            })
        })
    }

    fn discard_run<'a>(&'a self, tenant: &'a TenantId, discard: Discard) -> BoxFuture<'a, StoreResult<Fate>> {
        Box::pin(async move {
            self.call(StoreOp::Forget, Some(discard.run), |state, now| {
                state.discard(tenant, discard, now)
            })
        })
    }

    fn forget_workflows(&self, unused_for: Duration, limit: u32) -> BoxFuture<'_, StoreResult<Vec<WorkflowId>>> {
        Box::pin(async move {
            self.call(StoreOp::Forget, None, |state, now| {
                Ok(state.forget_workflows(unused_for, limit, now))
            })
        })
    }
}
