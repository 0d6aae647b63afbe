//! Flow control: no line goes on with more runs than it has slots, and what a line counts is what there is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use seawall_engine::store::{
    CreatedRun, FlowStage, FlowStore as _, MemoryStore, NewMessage, NewRun, Page, RunId, RunRecord, RunStore as _,
    Sent, StoreResult, TenantId, Timestamp, Turn, WorkflowId, flow_order,
};

use crate::sim::store::now;
use crate::sim::witness::pace::Pace;
use crate::sim::witness::{Witness, record};

/// What a workflow's definition says of its runs.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) on_conflict: &'static str,
    pub(crate) slots: Option<u32>,
    /// So many in so many milliseconds.
    pub(crate) rate: Option<(u32, i64)>,
    pub(crate) debounced: bool,
}

type Line = (WorkflowId, Option<Arc<str>>);

/// A run where flow control has it.
struct Place {
    run: RunId,
    line: Line,
    stage: FlowStage,
    /// It has begun and not ended, and is to have a slot.
    goes_on: bool,
    order: i64,
    since: Timestamp,
    counted: (u32, u32, u32),
}

#[derive(Default)]
pub(super) struct Lanes {
    /// By the workflow's name.
    rules: BTreeMap<String, Rule>,
    scopes: BTreeMap<WorkflowId, Rule>,
    runs: BTreeSet<RunId>,
    /// Places in the queue at the last look.
    queued: BTreeMap<RunId, (Line, i64)>,
    running: BTreeMap<RunId, Timestamp>,
    pace: BTreeMap<Line, Pace>,
}

impl Witness {
    /// Runs of this workflow are under flow control.
    pub(crate) fn expect_lane(&self, workflow: &str, rule: Rule) {
        self.lanes.lock().rules.insert(workflow.to_owned(), rule);
    }

    pub(crate) fn create_run(&self, rows: &MemoryStore, tenant: &TenantId, new: NewRun) -> StoreResult<CreatedRun> {
        let (run, lane, key) = (new.id, new.flow.is_some(), new.idempotency.clone());
        let answer = now(rows.create_run(tenant, new));
        if let Ok(CreatedRun::New { .. }) = &answer {
            self.keyed(run, key);
            if lane {
                self.lanes_enter(rows, &[run]);
            }
        }
        answer
    }

    pub(crate) fn send(&self, rows: &MemoryStore, tenant: &TenantId, run: RunId, new: NewMessage) -> StoreResult<Sent> {
        let turn = new.turn;
        let answer = now(rows.send(tenant, run, new));
        if turn != Turn::Keep {
            self.lanes_look(rows);
        }
        answer
    }

    /// These were made.
    pub(super) fn lanes_enter(&self, rows: &MemoryStore, runs: &[RunId]) {
        if !runs.is_empty() {
            self.lanes.lock().runs.extend(runs);
            self.lanes_look(rows);
        }
    }

    /// Something about this run was written.
    pub(super) fn lanes_move(&self, rows: &MemoryStore, run: RunId) {
        let concerned = self.lanes.lock().runs.contains(&run);
        if concerned {
            self.lanes_look(rows);
        }
    }

    /// Looks at all lines.
    pub(super) fn lanes_look(&self, rows: &MemoryStore) {
        let lanes = &mut *self.lanes.lock();
        let places: Vec<Place> = lanes
            .runs
            .iter()
            .filter_map(|run| place(rows, *run, &lanes.rules, &mut lanes.scopes))
            .collect();
        let mut lines: BTreeMap<&Line, Vec<&Place>> = BTreeMap::new();
        for place in &places {
            lines.entry(&place.line).or_default().push(place);
        }
        for (line, places) in lines {
            if let Some(rule) = lanes.scopes.get(&line.0) {
                self.line_holds(line, rule, &places);
                self.in_order(&lanes.queued, rule, &places);
            }
        }
        lanes.remember(places);
    }

    fn line_holds(&self, line: &Line, rule: &Rule, places: &[&Place]) {
        let count = |stage| u32::try_from(places.iter().filter(|place| place.stage == stage).count()).expect("few");
        let own = (
            count(FlowStage::Running),
            count(FlowStage::Queued),
            count(FlowStage::Debounced),
        );
        for place in places {
            let counted = place.counted;
            self.unless(counted == own, || {
                format!("{line:?} counts {counted:?}: there are {own:?}")
            });
            let has_slot = !place.goes_on || place.stage == FlowStage::Running;
            self.unless(has_slot, || {
                format!("{} goes on and is {:?} in {line:?}", place.run, place.stage)
            });
        }
        let go_on = places.iter().filter(|place| place.goes_on).count();
        let (running, queued, waiting) = own;
        if let Some(slots) = rule.slots {
            let within = running <= slots && go_on <= slots as usize;
            self.unless(within, || {
                format!("{line:?} has {slots} slots, {running} taken: {go_on} go on")
            });
            let most = match rule.on_conflict {
                "reject" => Some(slots.saturating_sub(running)),
                "cancel_running" => Some(1),
                _ => None,
            };
            if let Some(most) = most.filter(|_| rule.rate.is_none()) {
                self.unless(queued <= most, || {
                    format!("{queued} wait in {line:?}, {running} run: {}", rule.on_conflict)
                });
            }
        }
        self.unless(waiting <= 1, || {
            format!("{waiting} runs of {line:?} are debounced at once")
        });
    }

    /// Nobody is admitted before somebody who stands before.
    fn in_order(&self, before: &BTreeMap<RunId, (Line, i64)>, rule: &Rule, places: &[&Place]) {
        if rule.debounced {
            return;
        }
        for place in places.iter().filter(|place| place.stage == FlowStage::Running) {
            let Some((_, order)) = before.get(&place.run) else {
                continue;
            };
            let passed = places.iter().find(|other| {
                let stood = before.get(&other.run).is_some_and(|(_, other)| other < order);
                other.stage == FlowStage::Queued && stood
            });
            self.unless(passed.is_none(), || {
                format!("{} is admitted before {:?}", place.run, passed.map(|other| other.run))
            });
        }
    }

    /// The run waits for its turn, or has one: also one that has ended and is to be retried.
    pub(crate) fn is_in_line(rows: &MemoryStore, run: RunId) -> bool {
        let place = now(rows.flow_place(&TenantId::default(), run)).expect("reading works");
        place.is_some_and(|place| place.stage != FlowStage::Released)
    }

    /// In the end nothing runs and nothing waits, and nobody was let in too fast.
    pub(crate) fn lanes_are_empty(&self, rows: &MemoryStore) {
        self.lanes_look(rows);
        let lanes = self.lanes.lock();
        for (scope, rule) in &lanes.scopes {
            let listed = now(rows.list_flow(&TenantId::default(), *scope, Page::first(100))).expect("reading works");
            self.unless(listed.items.is_empty(), || {
                format!("something is left in {:?}", listed.items)
            });
            let Some((limit, per)) = rule.rate else { continue };
            for (line, pace) in lanes.pace.iter().filter(|(line, _)| line.0 == *scope) {
                let excess = pace.excess(limit, per);
                self.unless(excess.is_none(), || {
                    format!("{line:?} let runs in too fast: {excess:?}")
                });
            }
        }
    }
}

impl Lanes {
    fn remember(&mut self, places: Vec<Place>) {
        self.queued.clear();
        for place in places {
            match place.stage {
                FlowStage::Queued => drop(self.queued.insert(place.run, (place.line, place.order))),
                FlowStage::Running if self.running.get(&place.run) != Some(&place.since) => {
                    self.running.insert(place.run, place.since);
                    self.pace.entry(place.line).or_default().note(place.since);
                }
                _ => {}
            }
        }
    }
}

fn place(
    rows: &MemoryStore,
    run: RunId,
    rules: &BTreeMap<String, Rule>,
    scopes: &mut BTreeMap<WorkflowId, Rule>,
) -> Option<Place> {
    let record: RunRecord = record(rows, run)?;
    let place = now(rows.flow_place(&TenantId::default(), run)).expect("reading works")?;
    if let Some(rule) = rules.get(&*record.workflow.name) {
        scopes.entry(place.scope).or_insert_with(|| rule.clone());
    }
    let projection = &record.projection;
    let begun = projection.started_at.is_some() && !projection.status.is_terminal();
    Some(Place {
        run,
        line: (place.scope, place.key.clone()),
        stage: place.stage,
        goes_on: begun,
        order: flow_order(place.since, record.priority),
        since: place.since,
        counted: (place.line.running, place.line.queued, place.line.waiting),
    })
}
