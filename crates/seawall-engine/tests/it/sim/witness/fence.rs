//! The fence: only the holder appends, and only to the end; a claim gives what nobody holds.

use std::collections::BTreeMap;

use futures_util::future::FutureExt as _;
use seawall_engine::store::{
    Append, Appended, ClaimLimits, ClaimedRun, Epoch, LeaseStore as _, MemoryStore, NodeId, Page, RunFilter, RunId,
    RunStore as _, Segment, StatusSet, StoreResult, TenantId,
};

use crate::sim::store::now;
use crate::sim::witness::{Witness, record};

/// The highest epoch at which each run was claimed.
#[derive(Default)]
pub(super) struct Fence(BTreeMap<RunId, Epoch>);

impl Witness {
    pub(crate) fn append(&self, rows: &MemoryStore, append: Append) -> StoreResult<Appended> {
        let (lease, after, last) = (
            append.lease.clone(),
            append.after,
            append.segment.as_ref().map(Segment::last),
        );
        let comes_in = append
            .children
            .iter()
            .filter(|child| child.flow.is_some())
            .map(|child| child.id);
        let comes_in: Vec<RunId> = comes_in.collect();
        let before = record(rows, lease.run);
        let appended = now(rows.append(append))?;
        let run = lease.run;
        let Some(before) = before else {
            self.unless(false, || format!("{run} is appended to and does not exist"));
            return Ok(appended);
        };
        // The answer to an append that was made before: nothing changes.
        let repeated = last.is_some_and(|last| last <= before.last_seq);
        let named = (Some(lease.node), lease.epoch, after);
        let held = (before.holder, before.epoch, before.last_seq);
        self.unless(repeated || named == held, || {
            format!("{run}: an append of {named:?} was taken, it is {held:?}")
        });
        self.lanes_enter(rows, &comes_in);
        self.lanes_move(rows, run);
        Ok(appended)
    }

    pub(crate) fn claim(&self, rows: &MemoryStore, node: NodeId, limits: ClaimLimits) -> StoreResult<Vec<ClaimedRun>> {
        let held = held(rows);
        let answer = now(rows.claim(node, limits));
        if let Ok(claimed) = &answer {
            for ClaimedRun { lease, .. } in claimed {
                let (run, epoch) = (lease.run, lease.epoch);
                self.unless(!held.contains_key(&run), || {
                    format!("{run} is claimed, and {:?} holds it", held.get(&run))
                });
                let before = self.fence.lock().0.insert(run, epoch);
                self.unless(before.is_none_or(|before| before < epoch), || {
                    format!("{run} is claimed at {epoch:?} after {before:?}")
                });
            }
        }
        self.lanes_look(rows);
        answer
    }
}

fn held(rows: &MemoryStore) -> BTreeMap<RunId, NodeId> {
    let (tenant, page) = (TenantId::default(), Page::first(Page::MAX));
    // Few that have ended are held, and for a moment only.
    let filter = RunFilter {
        statuses: Some(StatusSet::live()),
        ..RunFilter::default()
    };
    let listed = rows.list_runs(&tenant, filter, page).now_or_never();
    let listed = listed.expect("it answers at once").expect("reading works");
    let held = listed
        .items
        .into_iter()
        .filter_map(|record| Some((record.id, record.holder?)));
    held.collect()
}
