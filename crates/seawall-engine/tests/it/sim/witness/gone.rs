//! Retention: what leaves has ended long enough ago, and nobody needs it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::FutureExt as _;
use seawall_engine::store::{
    FlowStage, FlowStore as _, Forgotten, IdempotencyKey, MemoryStore, Page, RetentionStore as _, RunFilter, RunId,
    RunRecord, RunStore as _, StoreClock as _, StoreResult, Sweep, TenantId, Timestamp,
};

use crate::sim::store::now;
use crate::sim::witness::Witness;

#[derive(Default)]
pub(super) struct Gone {
    runs: BTreeSet<RunId>,
    /// Until when the key of a run counts.
    keys: BTreeMap<RunId, Timestamp>,
}

impl Gone {
    pub(super) fn runs(&self) -> BTreeSet<RunId> {
        self.runs.clone()
    }
}

impl Witness {
    pub(super) fn keyed(&self, run: RunId, key: Option<IdempotencyKey>) {
        if let Some(key) = key {
            self.gone.lock().keys.insert(run, key.expires_at);
        }
    }

    pub(crate) fn is_gone(&self, run: RunId) -> bool {
        self.gone.lock().runs.contains(&run)
    }

    pub(crate) fn forget_finished(&self, rows: &MemoryStore, sweep: Sweep) -> StoreResult<Forgotten> {
        let before = all(rows);
        let places: BTreeMap<RunId, Option<FlowStage>> = before.keys().map(|run| (*run, stage(rows, *run))).collect();
        let forgotten = now(rows.forget_finished(sweep))?;
        let (after, at) = (all(rows), self.clock.now());
        for (run, record) in before.iter().filter(|(run, _)| !after.contains_key(run)) {
            self.trace.count("run forgotten");
            let ended = record.projection.finished_at.is_some_and(|end| end <= sweep.before);
            let idle = record.holder.is_none() && record.due.is_none() && record.projection.status.is_terminal();
            self.unless(ended && idle, || format!("{run} was forgotten: {record:?}"));
            let stage = places.get(run).copied().flatten();
            self.unless(stage.is_none_or(|stage| stage == FlowStage::Released), || {
                format!("{run} was forgotten while it was {stage:?}")
            });
            let parent = record.parent.as_ref().map(|link| link.run);
            self.unless(parent.is_none_or(|parent| !after.contains_key(&parent)), || {
                format!("{run} was forgotten before its parent")
            });
            let mut kin = after.values();
            let child = kin.find(|other| {
                let own = other.parent.as_ref().is_some_and(|link| link.run == *run);
                own && !other.projection.status.is_terminal()
            });
            self.unless(child.is_none(), || {
                format!("{run} was forgotten while its child went on: {child:?}")
            });
            let mut gone = self.gone.lock();
            let counts = gone.keys.get(run).is_some_and(|until| at < *until);
            self.unless(!counts, || format!("{run} was forgotten, and its key counts"));
            gone.runs.insert(*run);
        }
        Ok(forgotten)
    }
}

fn stage(rows: &MemoryStore, run: RunId) -> Option<FlowStage> {
    let place = now(rows.flow_place(&TenantId::default(), run)).expect("reading works");
    place.map(|place| place.stage)
}

fn all(rows: &MemoryStore) -> BTreeMap<RunId, RunRecord> {
    let (tenant, mut page, mut all) = (TenantId::default(), Page::first(Page::MAX), BTreeMap::new());
    loop {
        let listed = rows.list_runs(&tenant, RunFilter::default(), page).now_or_never();
        let listed = listed.expect("it answers at once").expect("reading works");
        all.extend(listed.items.into_iter().map(|record| (record.id, record)));
        match listed.next {
            Some(cursor) => page.cursor = Some(cursor),
            None => return all,
        }
    }
}
