use seawall_engine::Reason;
use serde::Serialize;
use utoipa::ToSchema;

use super::Time;

/// What keeps a run from going on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"reasons": [
    {"kind": "timer", "step_id": "nap", "until": "2026-01-02T03:14:05.000Z", "detail": "sleeps"}
]}))]
pub(crate) struct WhyAnswer {
    reasons: Vec<WhyReason>,
}

impl From<Vec<Reason>> for WhyAnswer {
    fn from(reasons: Vec<Reason>) -> Self {
        Self {
            reasons: reasons.into_iter().map(WhyReason::from).collect(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct WhyReason {
    kind: &'static str,
    step_id: Option<String>,
    /// Of a map step: the item, counted from 0.
    item: Option<u32>,
    /// `compensate` or `reconcile`, where it is not the step itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    part: Option<&'static str>,
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Time>,
    detail: String,
}

impl From<Reason> for WhyReason {
    fn from(reason: Reason) -> Self {
        Self {
            kind: reason.kind,
            step_id: reason.step.map(|step| step.to_string()),
            item: reason.item,
            part: reason.part.as_str(),
            until: reason.until.map(Time),
            detail: reason.detail,
        }
    }
}
