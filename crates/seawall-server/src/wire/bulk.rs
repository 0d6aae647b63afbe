use seawall_engine::{BulkAnswer, BulkItem, BulkOutcome, RunSearch};
use seawall_guard::problem::Pointer;
use seawall_store::{Cursor, RunFilter, StatusSet};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::exact::exact_option;
use crate::error::{ApiError, ApiResult};
use crate::extract::{at_most, input_match, status, time, workflow_ref};

const DEFAULT_LIMIT: u32 = 100;

/// Which runs something is done to. A request without a filter is refused unless it says `"all": true`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"filter": {"workflow": "repo-report", "status": ["failed"], "since": "2026-01-02T03:04:05Z",
    "input": {"customer.id": 42}}, "limit": 100, "dry_run": true}))]
pub(crate) struct BulkRequest {
    #[serde(default)]
    filter: BulkFilter,
    /// Every run of the tenant is meant.
    #[serde(default)]
    all: bool,
    /// How many runs at most.
    #[schema(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the answer before.
    cursor: Option<String>,
    /// Only say which runs are meant.
    #[serde(default)]
    dry_run: bool,
}

/// All of it must fit.
#[derive(Default, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkFilter {
    /// Name or id.
    workflow: Option<String>,
    /// Any of these.
    status: Option<Vec<String>>,
    /// Created at or after (RFC 3339).
    since: Option<String>,
    /// Created before (RFC 3339).
    until: Option<String>,
    /// Scalar values of the input, by their paths. At most 5.
    #[serde(default, deserialize_with = "exact_option")]
    #[schema(value_type = Option<Object>)]
    input: Option<Value>,
}

impl BulkFilter {
    const fn is_empty(&self) -> bool {
        self.workflow.is_none()
            && self.status.is_none()
            && self.since.is_none()
            && self.until.is_none()
            && self.input.is_none()
    }

    fn search(self, allowed: StatusSet) -> ApiResult<RunSearch> {
        let place = |name: &str| Pointer::root().key("filter").key(name);
        let time_of = |name: &str, text: Option<String>| text.map(|text| time(&place(name), &text)).transpose();
        Ok(RunSearch {
            filter: RunFilter {
                statuses: self
                    .status
                    .map(|texts| statuses(&place("status"), &texts, allowed))
                    .transpose()?,
                workflow: self.workflow.as_deref().map(workflow_ref),
                since: time_of("since", self.since)?,
                until: time_of("until", self.until)?,
            },
            input: self
                .input
                .map_or_else(|| Ok(Vec::new()), |input| matches(&place("input"), input))?,
        })
    }
}

fn statuses(pointer: &Pointer, texts: &[String], allowed: StatusSet) -> ApiResult<StatusSet> {
    if texts.is_empty() {
        return Err(ApiError::invalid(
            pointer,
            "empty",
            "names no status: leave it out, or name one",
        ));
    }
    let mut statuses = Vec::new();
    for (place, text) in texts.iter().enumerate() {
        let pointer = pointer.clone().index(place);
        let status = status(&pointer, text)?;
        if !allowed.contains(status) {
            let message = format!("a run that is {status} cannot take this");
            return Err(ApiError::invalid(&pointer, "impossible-status", message));
        }
        statuses.push(status);
    }
    Ok(StatusSet::of(&statuses))
}

fn matches(pointer: &Pointer, input: Value) -> ApiResult<Vec<seawall_engine::InputMatch>> {
    let Value::Object(wanted) = input else {
        return Err(ApiError::invalid(
            pointer,
            "invalid-type",
            "expected an object of paths and values",
        ));
    };
    if wanted.is_empty() {
        return Err(ApiError::invalid(
            pointer,
            "empty",
            "names no value: leave it out, or name one",
        ));
    }
    at_most(pointer, wanted.len())?;
    of_input(pointer, wanted)
}

fn of_input(pointer: &Pointer, wanted: Map<String, Value>) -> ApiResult<Vec<seawall_engine::InputMatch>> {
    let each = wanted.into_iter().map(|(path, value)| {
        let pointer = pointer.clone().key(&path);
        if value.is_object() || value.is_array() {
            return Err(ApiError::invalid(
                &pointer,
                "invalid-type",
                "expected a text, a number, true, false or null",
            ));
        }
        input_match(&pointer, &path, vec![value])
    });
    each.collect()
}

impl BulkRequest {
    /// The request of a verb that is possible for runs of these statuses.
    pub(crate) fn read(self, allowed: StatusSet) -> ApiResult<seawall_engine::BulkRequest> {
        let place = |name: &str| Pointer::root().key(name);
        match (self.filter.is_empty(), self.all) {
            (true, false) => {
                let message = "a filter is needed; `\"all\": true` means every run";
                return Err(ApiError::invalid(&place("filter"), "required", message));
            }
            (false, true) => {
                let message = "takes either `filter` or `all`, not both";
                return Err(ApiError::invalid(&place("all"), "exclusive", message));
            }
            _ => {}
        }
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=seawall_engine::BulkRequest::MAX).contains(&limit) {
            let message = "expected a number from 1 to 1000";
            return Err(ApiError::invalid(&place("limit"), "out-of-range", message));
        }
        let cursor = self.cursor.as_deref().map(str::parse::<Cursor>).transpose();
        let cursor = cursor.map_err(|_| {
            let message = "expected the next_cursor of an earlier answer";
            ApiError::invalid(&place("cursor"), "invalid-value", message)
        })?;
        Ok(seawall_engine::BulkRequest {
            search: self.filter.search(allowed)?,
            limit,
            cursor,
            dry_run: self.dry_run,
        })
    }
}

/// What became of each run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkAnswer, example = json!({"matched": 2, "accepted": 1, "next_cursor": null, "items": [
    {"id": "run_01h455vb4pex5vsknk084sn02q", "status": "accepted"},
    {"id": "run_01h455vb4pex5vsknk084sn02r", "status": "conflict", "detail": "the run is succeeded already"}
]}))]
pub(crate) struct Bulk {
    /// Runs that the filter has found.
    matched: usize,
    /// Of these, runs whose message is durable.
    accepted: usize,
    items: Vec<BulkRun>,
    /// For `cursor`; null when there is nothing left to look at. Not null does not mean that there are more.
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct BulkRun {
    id: String,
    /// accepted, conflict, failed (another try may work), or matched in a dry run.
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<String>,
}

impl From<BulkItem> for BulkRun {
    fn from(item: BulkItem) -> Self {
        let (status, detail) = match item.outcome {
            BulkOutcome::Matched => ("matched", None),
            BulkOutcome::Accepted => ("accepted", None),
            BulkOutcome::Conflict(detail) => ("conflict", Some(detail)),
            BulkOutcome::Failed(detail) => ("failed", Some(detail)),
        };
        Self {
            id: item.run.to_string(),
            status,
            detail,
        }
    }
}

impl From<BulkAnswer> for Bulk {
    fn from(answer: BulkAnswer) -> Self {
        let accepted = answer.items.iter().filter(|item| item.outcome == BulkOutcome::Accepted);
        Self {
            matched: answer.items.len(),
            accepted: accepted.count(),
            next_cursor: answer.next.map(|cursor| cursor.to_string()),
            items: answer.items.into_iter().map(BulkRun::from).collect(),
        }
    }
}
