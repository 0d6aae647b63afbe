use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::error::{StoreError, StoreResult};
use crate::ids::{Digest, RunId, RunKey, Seq, TenantId};
use crate::memory::fault::StoreOp;
use crate::memory::page::cut;
use crate::memory::state::{KeyRow, News, RunRow, State};
use crate::memory::store::MemoryStore;
use crate::records::{
    ClaimLimits, CreatedRun, InboxRow, JournalPage, MessageKey, NewMessage, NewRun, Page, PageOf, RunFilter, RunRecord,
    Segment, Sent, Turn, WorkflowRef,
};
use crate::roles::RunStore;
use crate::time::Timestamp;
use crate::watch::RunWatch;

impl State {
    fn create_run(&mut self, tenant: &TenantId, new: NewRun, now: Timestamp) -> StoreResult<CreatedRun> {
        let idempotency = new.idempotency.clone();
        if let Some(given) = &idempotency
            && let Some(kept) = self.keys.get(&(tenant.clone(), given.key))
            && self.key_counts(kept, now)
        {
            if kept.fingerprint != given.fingerprint {
                return Err(StoreError::IdempotencyKeyReused);
            }
            return Ok(CreatedRun::Replayed(Box::new(self.runs[&kept.run].record.clone())));
        }
        if self.has_run(new.id) {
            return Err(StoreError::Exists);
        }
        let hold = new.hold.filter(|_| new.flow.is_none());
        if hold.is_some_and(|node| !self.is_alive(node, now)) {
            return Err(StoreError::NodeDead);
        }
        if let Some(flow) = &new.flow {
            self.may_come_in(tenant, flow)?;
        }
        let run = self.insert_run(tenant, new, hold, now);
        if let Some(given) = idempotency {
            let kept = KeyRow {
                fingerprint: given.fingerprint,
                expires_at: given.expires_at,
                run,
            };
            self.keys.insert((tenant.clone(), given.key), kept);
        }
        Ok(CreatedRun::New {
            lease: self.runs[&run].lease(),
        })
    }

    fn wake(&mut self, tenant: &TenantId, runs: &[RunId]) -> u32 {
        let mut woken = 0;
        for id in runs {
            let Ok(row) = self.run_by_id(tenant, *id) else { continue };
            let key = row.record.key;
            let record = &row.record;
            let waits = record.holder.is_none() && record.due.is_some_and(|due| due > Timestamp::ZERO);
            if waits && record.deaths < ClaimLimits::SUSPECT {
                self.runs.get_mut(&key).expect("it was found").record.due = Some(Timestamp::ZERO);
                self.news.push(News::Work);
                woken += 1;
            }
        }
        woken
    }

    pub(super) fn send(
        &mut self,
        tenant: &TenantId,
        id: RunId,
        message: NewMessage,
        now: Timestamp,
    ) -> StoreResult<Sent> {
        let row = self.run_by_id(tenant, id)?;
        if row.known.contains_key(&message.key) {
            return self.send_again(row.record.key, &message, now);
        }
        let body = Digest::of(&message.body);
        let status = row.record.projection.status;
        if !message.allowed.contains(status) {
            return Err(StoreError::RunIs(status));
        }
        let run = row.record.key;
        match message.turn {
            Turn::Ask if self.is_released(run) => {
                self.may_come_back(run)?;
                self.withhold(run, message.key.clone(), message.body);
                self.come_back(run, now);
            }
            Turn::GiveUp if !self.give_up(run, now) => return Err(StoreError::RunIs(status)),
            Turn::Keep | Turn::Ask | Turn::GiveUp => {
                self.deliver(run, message.key.clone(), message.body);
            }
        }
        if let Some(row) = self.runs.get_mut(&run) {
            row.known.insert(message.key, Some(body));
        }
        Ok(Sent::Accepted)
    }
}

impl State {
    /// A message that was sent before. As long as nobody has read it, it is to have its effect.
    fn send_again(&mut self, run: RunKey, message: &NewMessage, now: Timestamp) -> StoreResult<Sent> {
        let row = &self.runs[&run];
        let unread = row.inbox.iter().any(|kept| kept.key == message.key);
        let withheld = row.withheld.iter().any(|kept| kept.key == message.key);
        let allowed = message.allowed.contains(row.record.projection.status);
        let body = Digest::of(&message.body);
        let sent = match row.known.get(&message.key) {
            Some(Some(known)) if *known != body => Sent::Differs,
            _ => Sent::Duplicate,
        };
        if !allowed || !(unread || withheld) {
            return Ok(sent);
        }
        if message.turn == Turn::Ask && row.record.holder.is_none() && self.is_released(run) {
            self.may_come_back(run)?;
            self.withhold_unread(run);
            self.come_back(run, now);
        } else if unread {
            if message.turn == Turn::GiveUp {
                self.give_up(run, now);
            }
            self.make_due(run);
        }
        Ok(sent)
    }

    pub(super) fn withhold(&mut self, run: RunKey, key: MessageKey, body: Arc<[u8]>) {
        let id = self.number();
        let row = self.runs.get_mut(&run).expect("the caller has looked the run up");
        row.withheld.push(InboxRow { id, key, body });
    }
}

fn is_meant(row: &RunRow, tenant: &TenantId, filter: &RunFilter) -> bool {
    let record = &row.record;
    row.tenant == *tenant
        && filter
            .statuses
            .is_none_or(|statuses| statuses.contains(record.projection.status))
        && filter.since.is_none_or(|since| since <= record.created_at)
        && filter.until.is_none_or(|until| record.created_at < until)
        && filter.workflow.as_ref().is_none_or(|workflow| match workflow {
            WorkflowRef::Id(id) => *id == record.workflow.id,
            WorkflowRef::Name(name) => **name == *record.workflow.name,
        })
}

fn journal_after(row: &RunRow, after: Seq, max_bytes: usize) -> JournalPage {
    let mut segments = Vec::new();
    let mut bytes = 0usize;
    for segment in row.segments.iter().filter(|segment| segment.last() > after) {
        if !segments.is_empty() && bytes >= max_bytes {
            break;
        }
        bytes += segment.bytes.len();
        segments.push(segment.clone());
    }
    JournalPage {
        record: row.record.clone(),
        segments,
    }
}

impl RunStore for MemoryStore {
    fn create_run<'a>(&'a self, tenant: &'a TenantId, new: NewRun) -> BoxFuture<'a, StoreResult<CreatedRun>> {
        Box::pin(async move {
            let id = new.id;
            self.call(StoreOp::CreateRun, Some(id), |state, now| {
                state.create_run(tenant, new, now)
            })
        })
    }

    fn run<'a>(&'a self, tenant: &'a TenantId, id: RunId) -> BoxFuture<'a, StoreResult<Option<RunRecord>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, Some(id), |state, _| {
                Ok(state.run_by_id(tenant, id).ok().map(|row| row.record.clone()))
            })
        })
    }

    fn list_runs<'a>(
        &'a self,
        tenant: &'a TenantId,
        filter: RunFilter,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<RunRecord>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let rows = state
                    .runs
                    .iter()
                    .rev()
                    .filter(|(_, row)| is_meant(row, tenant, &filter));
                Ok(cut(
                    rows.map(|(RunKey(number), row)| (*number, row.record.clone())),
                    page,
                ))
            })
        })
    }

    fn first_segments<'a>(
        &'a self,
        tenant: &'a TenantId,
        runs: &'a [RunId],
        max_bytes: usize,
    ) -> BoxFuture<'a, StoreResult<Vec<(RunId, Segment)>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let mut bytes = 0;
                let mut found = Vec::new();
                for row in runs.iter().filter_map(|run| state.run_by_id(tenant, *run).ok()) {
                    let first = row.segments.first().expect("a run is made with its first segment");
                    bytes += first.bytes.len();
                    if bytes > max_bytes && !found.is_empty() {
                        break;
                    }
                    found.push((row.record.id, first.clone()));
                }
                Ok(found)
            })
        })
    }

    fn journal<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: RunId,
        after: Seq,
        max_bytes: usize,
    ) -> BoxFuture<'a, StoreResult<JournalPage>> {
        Box::pin(async move {
            self.call(StoreOp::Read, Some(id), |state, _| {
                Ok(journal_after(state.run_by_id(tenant, id)?, after, max_bytes))
            })
        })
    }

    fn send<'a>(&'a self, tenant: &'a TenantId, id: RunId, message: NewMessage) -> BoxFuture<'a, StoreResult<Sent>> {
        Box::pin(async move {
            self.call(StoreOp::Send, Some(id), |state, now| {
                state.send(tenant, id, message, now)
            })
        })
    }

    fn wake<'a>(&'a self, tenant: &'a TenantId, runs: Vec<RunId>) -> BoxFuture<'a, StoreResult<u32>> {
        Box::pin(async move { self.call(StoreOp::Wake, None, |state, _| Ok(state.wake(tenant, &runs))) })
    }

    fn watch(&self, id: RunId) -> RunWatch {
        self.watchers.watch(id)
    }
}
