//! One run as it stands in the end.

use futures_util::future::FutureExt as _;
use seawall_engine::store::{MemoryStore, RunRecord, ScheduleId, TenantId, Timestamp, WorkflowStore as _};
use seawall_engine::{Engine, JournalItem, Principal};
use serde_json::Value;

use crate::sim::oracle::Findings;

pub(crate) struct Ended {
    pub(crate) record: RunRecord,
    pub(crate) journal: Vec<JournalItem>,
    pub(crate) definition: Value,
    /// Which time of which schedule it was made for.
    pub(crate) scheduled: Option<(ScheduleId, Timestamp)>,
}

/// Reads a run and looks at what can be seen of it alone: the journal has no hole and replays to the row.
pub(crate) async fn read(engine: &Engine, rows: &MemoryStore, record: RunRecord, found: &mut Findings) -> Ended {
    let (run, me) = (record.id, Principal::local());
    let part = engine
        .journal(&me, run, seawall_engine::store::Seq(0), usize::MAX)
        .await
        .expect("the journal is readable in calm weather");
    assert!(!part.more, "these journals are small");
    let journal = part.items;
    let view = engine.run(&me, run).await.expect("the run is readable in calm weather");
    let places = journal.iter().map(|item| item.seq.0);
    found.unless(places.eq(1..=record.last_seq.0), || {
        format!("{run}: its journal has a hole")
    });
    found.unless(!view.steps.is_empty(), || {
        format!("{run}: its journal cannot be replayed")
    });
    let row = &record.projection;
    let replayed = (
        view.status,
        view.awaits,
        view.total_steps,
        view.completed_steps,
        view.started_at,
        view.finished_at,
    );
    let stored = (
        row.status,
        row.awaits,
        row.total_steps,
        row.completed_steps,
        row.started_at,
        row.finished_at,
    );
    found.unless(replayed == stored, || {
        format!("{run}: its journal gives {replayed:?}, its row says {stored:?}")
    });
    Ended {
        definition: definition(rows, &record),
        record,
        journal,
        scheduled: view.scheduled.map(|scheduled| (scheduled.schedule, scheduled.fire_at)),
    }
}

fn definition(rows: &MemoryStore, record: &RunRecord) -> Value {
    let (tenant, workflow) = (TenantId::default(), &record.workflow);
    let found = rows
        .workflow_version(&tenant, workflow.id, workflow.version)
        .now_or_never();
    let found = found.expect("it answers at once").expect("reading works");
    let source = found.expect("a run's workflow stays").source;
    serde_json::from_str(&source).expect("a definition is JSON")
}
