use seawall_store::ApprovalRecord;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Time;

/// A decision that a run asks a person for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "appr_01h455vb4pex5vsknk084sn02q", "run_id": "run_01h455vb4pex5vsknk084sn02q", "step_id": "ask",
    "item": null, "message": "Deploy?", "deciders": [], "status": "pending", "comment": null, "decided_by": null,
    "requested_at": "2026-01-02T03:04:05.000Z", "expires_at": null, "decided_at": null
}))]
pub(crate) struct Approval {
    id: String,
    run_id: String,
    step_id: String,
    /// Which item of a map step.
    item: Option<u32>,
    message: String,
    deciders: Vec<String>,
    /// pending, approved, rejected, expired or cancelled.
    status: &'static str,
    comment: Option<String>,
    decided_by: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    requested_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Option<Time>,
}

impl From<ApprovalRecord> for Approval {
    fn from(record: ApprovalRecord) -> Self {
        Self {
            id: record.id.to_string(),
            run_id: record.run.to_string(),
            step_id: record.step,
            item: record.item,
            message: record.message,
            deciders: record.deciders,
            status: record.status.as_str(),
            comment: record.comment,
            decided_by: record.decided_by,
            requested_at: Time(record.requested_at),
            expires_at: record.expires_at.map(Time),
            decided_at: record.decided_at.map(Time),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Approve,
    Reject,
}

/// A person's decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"decision": "approve", "comment": "Looks right."}))]
pub(crate) struct Decide {
    pub(crate) decision: Verdict,
    pub(crate) comment: Option<String>,
}
