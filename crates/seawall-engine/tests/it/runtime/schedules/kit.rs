use std::sync::Arc;
use std::time::Duration;

use seawall_engine::store::{Overlap, Page, RunFilter, ScheduleId, WorkflowRef};
use seawall_engine::{CatchUp, Engine, Outcome, RunView, ScheduleRequest, ScheduleView};
use serde_json::json;

use crate::runtime::probe::Probe;
use crate::runtime::world::{World, flow, probe};

pub(super) const HOUR: Duration = Duration::from_secs(3600);
/// The clock begins at 2023-11-14T22:13:20Z.
pub(super) const FIRST_HOUR: i64 = 1_700_002_800_000;

pub(super) fn request(timing: &str) -> ScheduleRequest {
    let cron = timing.contains(' ').then(|| timing.to_owned());
    ScheduleRequest {
        workflow: WorkflowRef::Name("flow".to_owned()),
        every: cron.is_none().then(|| timing.to_owned()),
        cron,
        time_zone: None,
        input: json!({"who": "the clock"}),
        overlap: Overlap::Skip,
        catch_up: CatchUp::Once,
        paused: false,
    }
}

/// An echo that takes as long as it is told.
pub(super) fn slow(seconds: u64) -> Arc<Probe> {
    Probe::new(move |_, _| async move {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        Outcome::Succeeded(json!(1))
    })
}

impl World {
    pub(super) async fn register(&self, engine: &Engine) {
        let definition = flow(json!([probe("a", "idempotent", &[])]));
        engine.create_workflow(&self.me, &definition).await.unwrap();
    }

    pub(super) async fn scheduled(&self, engine: &Engine, request: ScheduleRequest) -> ScheduleId {
        self.register(engine).await;
        let created = engine.create_schedule(&self.me, request, None).await.unwrap();
        created.schedule.id
    }

    pub(super) async fn schedule(&self, engine: &Engine, id: ScheduleId) -> ScheduleView {
        engine.schedule(&self.me, id).await.unwrap()
    }

    /// All runs, oldest first, in full.
    pub(super) async fn runs(&self, engine: &Engine) -> Vec<RunView> {
        let listed = engine.list_runs(&self.me, RunFilter::default(), Page::first(200)).await;
        let mut runs = Vec::new();
        for run in listed.unwrap().items.iter().rev() {
            runs.push(engine.run(&self.me, run.id).await.unwrap());
        }
        runs
    }

    /// The times of all scheduled runs, in seconds since the first full hour.
    pub(super) async fn fired(&self, engine: &Engine) -> Vec<i64> {
        let runs = self.runs(engine).await;
        let times = runs.iter().filter_map(|run| run.scheduled);
        times
            .map(|scheduled| (scheduled.fire_at.as_millis() - FIRST_HOUR) / 1000)
            .collect()
    }

    /// Seconds since the first full hour.
    pub(super) fn now_seconds(&self) -> i64 {
        use seawall_engine::store::StoreClock as _;
        (self.clock.now().as_millis() - FIRST_HOUR) / 1000
    }
}
