use std::sync::Arc;

use seawall_engine::{CatchUp, Datum, ScheduleTiming, ScheduleView};
use seawall_guard::problem::Pointer;
use seawall_store::{FiringError, Overlap, WorkflowRef};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::Time;
use super::exact::{exact, exact_option};
use super::run::datum;
use crate::error::ApiError;
use crate::extract::workflow_ref;

fn empty() -> Value {
    Value::Object(Map::new())
}

/// What becomes of a firing while the run of the one before has not ended.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OverlapPolicy {
    /// It makes no run.
    #[default]
    Skip,
    /// One firing waits for that end; further ones are skipped.
    Queue,
    /// It makes its run.
    Allow,
}

impl From<OverlapPolicy> for Overlap {
    fn from(policy: OverlapPolicy) -> Self {
        match policy {
            OverlapPolicy::Skip => Self::Skip,
            OverlapPolicy::Queue => Self::Queue,
            OverlapPolicy::Allow => Self::Allow,
        }
    }
}

impl From<Overlap> for OverlapPolicy {
    fn from(overlap: Overlap) -> Self {
        match overlap {
            Overlap::Skip => Self::Skip,
            Overlap::Queue => Self::Queue,
            Overlap::Allow => Self::Allow,
        }
    }
}

/// A schedule to be made, or all settings of one that is there. Takes either `cron` or `every`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"workflow": "repo-report", "cron": "30 2 * * *", "time_zone": "Europe/Berlin",
    "input": {"root": "."}, "overlap": "skip", "catch_up": "once", "paused": false}))]
pub(crate) struct ScheduleRequest {
    /// Name or id. A name means whatever workflow has it when the schedule fires.
    workflow: String,
    /// 5 fields, or 6 with the seconds first.
    cron: Option<String>,
    /// An interval of at least `1s`, counted from the schedule's creation.
    every: Option<String>,
    /// Of the IANA database; UTC when it is left out.
    time_zone: Option<String>,
    /// The input of each run; `{}` when it is left out.
    #[serde(default = "empty", deserialize_with = "exact")]
    input: Value,
    #[serde(default)]
    overlap: OverlapPolicy,
    /// What becomes of times that nobody was there for: `skip`, `once` (when it is left out), or a run for each of the last
    /// N, at most 100.
    #[serde(default, deserialize_with = "exact_option")]
    #[schema(value_type = Option<Value>, example = "once")]
    catch_up: Option<Value>,
    #[serde(default)]
    paused: bool,
}

impl TryFrom<ScheduleRequest> for seawall_engine::ScheduleRequest {
    type Error = ApiError;

    fn try_from(request: ScheduleRequest) -> Result<Self, ApiError> {
        Ok(Self {
            workflow: workflow_ref(&request.workflow),
            cron: request.cron,
            every: request.every,
            time_zone: request.time_zone,
            input: request.input,
            overlap: request.overlap.into(),
            catch_up: catch_up(request.catch_up)?,
            paused: request.paused,
        })
    }
}

fn catch_up(value: Option<Value>) -> Result<CatchUp, ApiError> {
    let Some(value) = value else {
        return Ok(CatchUp::Once);
    };
    let read = match &value {
        Value::String(text) if text == "skip" => Some(CatchUp::Skip),
        Value::String(text) if text == "once" => Some(CatchUp::Once),
        // Beyond the bound, which the engine knows.
        Value::Number(number) => number
            .as_u64()
            .map(|count| CatchUp::Last(u32::try_from(count).unwrap_or(u32::MAX))),
        _ => None,
    };
    read.ok_or_else(|| {
        let pointer = Pointer::root().key("catch_up");
        let message = "expected `skip`, `once` or a number from 1 to 100";
        ApiError::invalid(&pointer, "invalid-value", message)
    })
}

/// A schedule.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "sched_01h455vb4pex5vsknk084sn02q", "workflow": "repo-report", "cron": "30 2 * * *", "every": null,
    "every_ms": null, "time_zone": "Europe/Berlin", "input": {"root": "."}, "overlap": "skip", "catch_up": "once",
    "paused": false, "created_at": "2026-01-02T03:04:05.000Z", "updated_at": "2026-01-02T03:04:05.000Z",
    "next_fire_at": "2026-01-03T01:30:00.000Z", "waiting_fire_at": null, "last_fired_at": null, "last_run_id": null,
    "skipped": 0, "missed": 0, "failed": 0, "last_error": null
}))]
pub(crate) struct Schedule {
    id: String,
    /// Name or id, as it was given.
    workflow: String,
    cron: Option<String>,
    every: Option<String>,
    every_ms: Option<u64>,
    time_zone: String,
    #[serde(serialize_with = "datum")]
    #[schema(value_type = Value)]
    input: Datum,
    /// Only in a list that has large inputs: this one was left out, and `input` is null. The schedule itself has it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    input_omitted: bool,
    overlap: OverlapPolicy,
    /// `skip`, `once` or a number.
    #[schema(value_type = Value)]
    catch_up: Value,
    paused: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When the settings were last written.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Time,
    /// Null while it is paused.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_fire_at: Option<Time>,
    /// The time of the firing that waits for the end of the last run.
    #[schema(value_type = Option<String>, format = DateTime)]
    waiting_fire_at: Option<Time>,
    /// The time of the last firing that made a run.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_fired_at: Option<Time>,
    last_run_id: Option<String>,
    /// Firings without a run because of `overlap`.
    skipped: u64,
    /// Times that nobody was there for and that were not made up for. Of each such stretch at most 1000 are counted.
    missed: u64,
    /// Firings without a run because of an error.
    failed: u64,
    /// Of the last firing, if it was one of those.
    last_error: Option<ScheduleError>,
}

/// Why a firing made no run.
#[derive(Debug, Serialize, ToSchema)]
struct ScheduleError {
    /// workflow-not-found, workflow-unusable, input-invalid or schedule-unreadable.
    #[schema(value_type = String)]
    code: Arc<str>,
    #[schema(value_type = String)]
    message: Arc<str>,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
}

impl From<FiringError> for ScheduleError {
    fn from(error: FiringError) -> Self {
        Self {
            code: error.code,
            message: error.message,
            at: Time(error.at),
        }
    }
}

impl Schedule {
    /// One of a list: its input only where there is room for it.
    pub(crate) fn within(view: ScheduleView, room: &mut usize) -> Self {
        let mut schedule = Self::from(view);
        let weight = schedule.input.weight();
        if weight <= *room {
            *room -= weight;
        } else {
            schedule.input = Datum::null();
            schedule.input_omitted = true;
        }
        schedule
    }
}

impl From<ScheduleView> for Schedule {
    fn from(view: ScheduleView) -> Self {
        let settings = view.settings;
        let (cron, every) = match settings.timing {
            ScheduleTiming::Cron(text) => (Some(text), None),
            ScheduleTiming::Every(text) => (None, Some(text)),
        };
        Self {
            id: view.id.to_string(),
            workflow: match settings.workflow {
                WorkflowRef::Id(id) => id.to_string(),
                WorkflowRef::Name(name) => name,
            },
            cron,
            every,
            every_ms: view
                .every
                .map(|every| u64::try_from(every.as_millis()).unwrap_or(u64::MAX)),
            time_zone: settings.time_zone,
            input: settings.input,
            input_omitted: false,
            overlap: settings.overlap.into(),
            catch_up: match settings.catch_up {
                CatchUp::Skip => "skip".into(),
                CatchUp::Once => "once".into(),
                CatchUp::Last(count) => count.into(),
            },
            paused: settings.paused,
            created_at: Time(view.created_at),
            updated_at: Time(view.updated_at),
            next_fire_at: view.next_fire_at.map(Time),
            waiting_fire_at: view.waiting_fire_at.map(Time),
            last_fired_at: view.last_fired_at.map(Time),
            last_run_id: view.last_run.map(|run| run.to_string()),
            skipped: view.skipped,
            missed: view.missed,
            failed: view.failed,
            last_error: view.last_error.map(ScheduleError::from),
        }
    }
}
