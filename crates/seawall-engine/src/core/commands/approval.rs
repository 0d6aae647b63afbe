//! A person's decision on an approval. The first one in journal order settles it, a timeout included.

use std::sync::Arc;

use seawall_store::ApprovalId;
use serde_json::json;

use crate::core::commands::decision::Draft;
use crate::core::commands::flow;
use crate::core::event::{Decided, Event};
use crate::core::state::{RunState, Slot, StepStatus, Wait};
use crate::datum::Datum;
use crate::executor::StepError;

pub(super) fn decide(draft: &mut Draft<'_>, id: ApprovalId, approve: bool, comment: Option<String>, by: Arc<str>) {
    let Some(slot) = waiter(draft.state, id) else { return };
    let decision = if approve { Decided::Approved } else { Decided::Rejected };
    settle(
        draft,
        slot,
        Verdict {
            id,
            decision,
            comment,
            by,
        },
    );
}

/// How an approval ended.
pub(super) struct Verdict {
    pub(super) id: ApprovalId,
    pub(super) decision: Decided,
    pub(super) comment: Option<String>,
    pub(super) by: Arc<str>,
}

pub(super) fn settle(draft: &mut Draft<'_>, slot: Slot, verdict: Verdict) {
    let activity = draft.state.name(slot);
    let Verdict {
        id,
        decision,
        comment,
        by,
    } = verdict;
    draft.emit(Event::ApprovalDecided {
        approval: id,
        activity: activity.clone(),
        decision,
        comment: comment.clone(),
        by: Arc::clone(&by),
    });
    match decision {
        Decided::Approved => {
            let output = json!({ "decision": "approve", "comment": comment, "by": &*by });
            draft.emit(Event::StepSucceeded {
                activity,
                output: Some(Datum::new(output)),
            });
        }
        Decided::Rejected => {
            let message = match comment {
                Some(comment) => format!("rejected by {by}: {comment}"),
                None => format!("rejected by {by}"),
            };
            flow::fail(draft, slot, StepError::permanent("approval-rejected", message));
        }
        Decided::Expired => {
            flow::fail(
                draft,
                slot,
                StepError::permanent("approval-timeout", "nobody decided in time"),
            );
        }
    }
}

fn waiter(state: &RunState, id: ApprovalId) -> Option<Slot> {
    state
        .activities()
        .find(|(_, activity)| activity.status == StepStatus::Waiting && activity.wait == Some(Wait::Approval { id }))
        .map(|(slot, _)| slot)
}
