use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::{RunId, RunKey, TenantId, WorkflowId};
use crate::memory::fault::StoreOp;
use crate::memory::flow_rows::LineName;
use crate::memory::page::cut;
use crate::memory::state::State;
use crate::memory::store::MemoryStore;
use crate::records::{FlowLine, FlowPlace, FlowStage, Page, PageOf, QueueName, RunStatus};
use crate::roles::FlowStore;

impl State {
    fn line(&self, name: &LineName) -> FlowLine {
        let numbers = self.numbers(name);
        let head = self.queue(name).first().map(|run| self.flow_runs[run].since);
        FlowLine {
            key: name.key.clone(),
            slots: numbers.slots,
            rate: numbers.rate,
            running: self.count(name, FlowStage::Running),
            queued: self.count(name, FlowStage::Queued),
            waiting: self.count(name, FlowStage::Debounced),
            waiting_since: head,
            next_at: self.flow_lines.get(name).and_then(|row| row.next_at),
        }
    }

    fn holders(&self, name: &LineName) -> Vec<(RunId, RunStatus)> {
        let rows = self.flow_runs.iter();
        let running = rows.filter(|(_, row)| row.line == *name && row.stage == FlowStage::Running && !row.told);
        let mut runs: Vec<RunKey> = running.map(|(run, _)| *run).collect();
        runs.sort_unstable();
        let records = runs.iter().map(|run| &self.runs[run].record);
        let holders = records.map(|record| (record.id, record.projection.status));
        holders.take(FlowPlace::MAX_HOLDERS as usize).collect()
    }

    fn place(&self, run: RunKey) -> Option<FlowPlace> {
        let row = self.flow_runs.get(&run)?;
        let queue = self.queue(&row.line);
        let ahead = queue.iter().position(|other| *other == run).unwrap_or(0);
        Some(FlowPlace {
            run: self.runs[&run].record.id,
            scope: row.line.scope,
            key: row.line.key.clone(),
            stage: row.stage,
            since: row.since,
            not_before: row.quiet.as_ref().map(|quiet| quiet.not_before),
            ahead: u32::try_from(ahead).unwrap_or(u32::MAX).min(FlowPlace::MAX_AHEAD),
            holders: match row.stage {
                FlowStage::Queued => self.holders(&row.line),
                _ => Vec::new(),
            },
            line: self.line(&row.line),
        })
    }
}

impl FlowStore for MemoryStore {
    fn flow_place<'a>(&'a self, tenant: &'a TenantId, run: RunId) -> BoxFuture<'a, StoreResult<Option<FlowPlace>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, Some(run), |state, _| {
                let found = state.run_by_id(tenant, run).ok().map(|row| row.record.key);
                Ok(found.and_then(|run| state.place(run)))
            })
        })
    }

    fn list_flow<'a>(
        &'a self,
        tenant: &'a TenantId,
        scope: WorkflowId,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<FlowLine>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let lines = state.flow_lines.iter();
                let mut lines: Vec<(i64, FlowLine)> = lines
                    .filter(|(name, _)| name.tenant == *tenant && name.scope == scope)
                    .map(|(name, row)| (row.number, state.line(name)))
                    .filter(|(_, line)| line.running + line.queued + line.waiting > 0)
                    .collect();
                lines.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
                Ok(cut(lines.into_iter(), page))
            })
        })
    }

    fn claimed_of_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        queue: &'a QueueName,
        key: &'a str,
    ) -> BoxFuture<'a, StoreResult<u64>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                Ok(state.claimed_of_key(tenant, queue, key))
            })
        })
    }
}
