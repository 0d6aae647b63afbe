//! Which runs a client means: as a query, or in a body.

use seawall_engine::{InputMatch, RunSearch};
use seawall_guard::problem::Pointer;
use seawall_store::{RunFilter, RunStatus, StatusSet, Timestamp};
use serde_json::Value;

use super::workflow_ref;
use crate::error::{ApiError, ApiResult};
use crate::wire::Time;

const INPUT: &str = "input.";

/// The pairs of a query, with each name that does not belong there refused: a filter that is passed over would give other
/// runs than were meant.
pub(crate) struct RunsQueryParts {
    pub(crate) search: RunSearch,
    pub(crate) limit: Option<u32>,
    pub(crate) cursor: Option<String>,
}

impl RunsQueryParts {
    pub(crate) fn read(pairs: Vec<(String, String)>) -> ApiResult<Self> {
        let mut statuses = Vec::new();
        let mut filter = RunFilter::default();
        let mut input = Vec::new();
        let (mut limit, mut cursor) = (None, None);
        let mut seen: Vec<String> = Vec::new();
        for (name, text) in pairs {
            let pointer = Pointer::root().key(&name);
            if name != "status" {
                if seen.contains(&name) {
                    return Err(ApiError::invalid(&pointer, "duplicate-field", "stands there twice"));
                }
                seen.push(name.clone());
            }
            match &*name {
                "status" => statuses.push(status(&pointer, &text)?),
                "workflow" => filter.workflow = Some(workflow_ref(&text)),
                "since" => filter.since = Some(time(&pointer, &text)?),
                "until" => filter.until = Some(time(&pointer, &text)?),
                "limit" => {
                    let number = text.parse::<u32>();
                    let number = number.map_err(|_| ApiError::invalid(&pointer, "invalid-value", "expected a number"));
                    limit = Some(number?);
                }
                "cursor" => cursor = Some(text),
                _ => match name.strip_prefix(INPUT) {
                    Some(path) => input.push(input_match(&pointer, path, either(text))?),
                    None => {
                        let message = "expected status, workflow, since, until, input.<path>, limit or cursor";
                        return Err(ApiError::invalid(&pointer, "unknown-field", message));
                    }
                },
            }
        }
        filter.statuses = (!statuses.is_empty()).then(|| StatusSet::of(&statuses));
        at_most(&Pointer::root().key("input"), input.len())?;
        Ok(Self {
            search: RunSearch { filter, input },
            limit,
            cursor,
        })
    }
}

/// In a query, `42` may mean the number or the text.
fn either(text: String) -> Vec<Value> {
    let scalar = serde_json::from_str::<Value>(&text).ok();
    let scalar = scalar.filter(|value| !value.is_object() && !value.is_array());
    let mut any_of = vec![Value::String(text)];
    any_of.extend(scalar);
    any_of
}

pub(crate) fn at_most(pointer: &Pointer, count: usize) -> ApiResult<()> {
    if count > InputMatch::MOST {
        let message = "at most 5 values of the input can be asked for";
        return Err(ApiError::invalid(pointer, "too-many", message));
    }
    Ok(())
}

pub(crate) fn input_match(pointer: &Pointer, path: &str, any_of: Vec<Value>) -> ApiResult<InputMatch> {
    let path: Vec<String> = path.split('.').map(str::to_owned).collect();
    if path.iter().any(String::is_empty) || path.len() > InputMatch::MAX_LEVELS {
        let message = "expected names of fields with a point between them, at most 16";
        return Err(ApiError::invalid(pointer, "invalid-path", message));
    }
    Ok(InputMatch { path, any_of })
}

pub(crate) fn status(pointer: &Pointer, text: &str) -> ApiResult<RunStatus> {
    RunStatus::parse(text).ok_or_else(|| ApiError::invalid(pointer, "invalid-value", "expected the status of a run"))
}

pub(crate) fn time(pointer: &Pointer, text: &str) -> ApiResult<Timestamp> {
    let time = text.parse::<Time>();
    let time = time.map_err(|_| {
        let message = "expected a time such as 2026-01-02T03:04:05Z";
        ApiError::invalid(pointer, "invalid-value", message)
    });
    Ok(time?.0)
}
