//! Answers of the API, as far as commands look into them. Fields that are not here are passed through, not lost: machines
//! get the JSON as it came.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// Where a run is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RunStatus {
    Queued,
    Running,
    Waiting,
    Paused,
    Blocked,
    Succeeded,
    Failed,
    Cancelled,
    /// Of a newer server.
    #[serde(other)]
    Other,
}

impl RunStatus {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Blocked => "blocked",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Other => "unknown to this program",
        }
    }

    pub(crate) const fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }

    /// Nothing happens right now.
    pub(crate) const fn stands(self) -> bool {
        matches!(self, Self::Waiting | Self::Paused | Self::Blocked)
    }
}

/// A run; in lists without output and steps.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) workflow: RunWorkflow,
    pub(crate) status: RunStatus,
    #[serde(default)]
    pub(crate) input: Value,
    #[serde(default)]
    pub(crate) output: Value,
    pub(crate) error: Option<ErrorView>,
    pub(crate) total_steps: u32,
    pub(crate) completed_steps: u32,
    #[serde(default)]
    pub(crate) steps: Vec<Step>,
    #[serde(default)]
    pub(crate) compensating: bool,
    pub(crate) forked_from: Option<ForkedFrom>,
    pub(crate) created_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ForkedFrom {
    pub(crate) run_id: String,
    pub(crate) from_step: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RunWorkflow {
    pub(crate) name: String,
    pub(crate) version: u32,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Step {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) status: String,
    pub(crate) effect: String,
    pub(crate) attempts: u32,
    pub(crate) duration_ms: Option<u64>,
    pub(crate) error: Option<ErrorView>,
    pub(crate) items_done: Option<u32>,
    pub(crate) items_total: Option<u32>,
    pub(crate) compensation: Option<StepPart>,
    #[serde(default)]
    pub(crate) copied: bool,
}

/// What undoes a step.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct StepPart {
    pub(crate) status: String,
    pub(crate) error: Option<ErrorView>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ErrorView {
    pub(crate) code: String,
    /// Null in lists, of runs that failed before rows kept it.
    pub(crate) message: Option<String>,
    pub(crate) step_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Approval {
    pub(crate) id: String,
    pub(crate) run_id: String,
    pub(crate) step_id: String,
    pub(crate) message: String,
    pub(crate) status: String,
    pub(crate) requested_at: Timestamp,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Workflow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) description: Option<String>,
    pub(crate) updated_at: Timestamp,
    #[serde(default)]
    pub(crate) definition: Value,
}

/// One key of a workflow's flow control.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct FlowLine {
    pub(crate) key: Option<String>,
    pub(crate) limit: Option<u32>,
    pub(crate) rate: Option<String>,
    pub(crate) running: u32,
    pub(crate) queued: u32,
    pub(crate) waiting: u32,
    pub(crate) waiting_since: Option<Timestamp>,
    pub(crate) next_at: Option<Timestamp>,
}

/// A schedule.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Schedule {
    pub(crate) id: String,
    pub(crate) workflow: String,
    pub(crate) cron: Option<String>,
    pub(crate) every: Option<String>,
    pub(crate) time_zone: String,
    pub(crate) overlap: String,
    pub(crate) catch_up: Value,
    pub(crate) paused: bool,
    pub(crate) next_fire_at: Option<Timestamp>,
    pub(crate) last_fired_at: Option<Timestamp>,
    pub(crate) last_run_id: Option<String>,
    pub(crate) skipped: u64,
    pub(crate) missed: u64,
    pub(crate) failed: u64,
    pub(crate) last_error: Option<ScheduleError>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ScheduleError {
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Schedule {
    /// `30 2 * * * (Europe/Berlin)`, `every 10m`.
    pub(crate) fn when(&self) -> String {
        match (&self.cron, &self.every) {
            (Some(pattern), _) => format!("{pattern} ({})", self.time_zone),
            (None, Some(every)) => format!("every {every}"),
            (None, None) => String::new(),
        }
    }

    pub(crate) fn next(&self) -> String {
        match self.next_fire_at {
            _ if self.paused => "paused".to_owned(),
            Some(time) => time.to_string(),
            None => "never".to_owned(),
        }
    }

    pub(crate) fn last(&self) -> String {
        match (self.last_fired_at, &self.last_run_id) {
            (Some(time), Some(run)) => format!("{time} {run}"),
            _ => "never".to_owned(),
        }
    }

    pub(crate) fn catch_up_text(&self) -> String {
        match &self.catch_up {
            Value::String(text) => text.clone(),
            other => format!("the last {other}"),
        }
    }
}

/// What became of many runs.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Bulk {
    pub(crate) matched: u32,
    pub(crate) accepted: u32,
    pub(crate) items: Vec<BulkRun>,
    pub(crate) next_cursor: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct BulkRun {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) detail: Option<String>,
}

/// Why a run does not go on.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Why {
    pub(crate) reasons: Vec<Reason>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Reason {
    pub(crate) kind: String,
    pub(crate) step_id: Option<String>,
    item: Option<u32>,
    part: Option<String>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) detail: String,
}

impl Reason {
    /// What it is about, as `runs resolve` takes it.
    pub(crate) fn activity(&self) -> String {
        let step = self.step_id.as_deref().unwrap_or_default();
        activity(step, self.item, self.part.as_deref())
    }
}

/// `counts`, `counts[3]`, `counts.compensate`.
pub(super) fn activity(step: &str, item: Option<u32>, part: Option<&str>) -> String {
    let item = item.map_or_else(String::new, |item| format!("[{item}]"));
    let part = part.map_or_else(String::new, |part| format!(".{part}"));
    format!("{step}{item}{part}")
}

/// Part of a list.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next_cursor: Option<String>,
}
