//! Approvals against the events that opened and settled them.

use std::collections::BTreeMap;

use seawall_store::{ApprovalId, ApprovalRecord, ApprovalStatus, Timestamp};

use super::finding::VerifyFindingKind;
use super::report::Found;
use crate::core::{Recorded, RunState};
use crate::journal::writes;

/// What the rows are to say.
fn expected(state: &RunState, events: &[Recorded]) -> BTreeMap<ApprovalId, ApprovalRecord> {
    let writes = writes(state, events, &[], Timestamp::ZERO);
    let mut rows = BTreeMap::new();
    for opened in writes.opened {
        let record = ApprovalRecord {
            id: opened.id,
            run: state.run,
            step: opened.step,
            item: opened.item,
            message: opened.message,
            deciders: opened.deciders,
            status: ApprovalStatus::Pending,
            comment: None,
            decided_by: None,
            requested_at: opened.requested_at,
            expires_at: opened.expires_at,
            decided_at: None,
        };
        rows.entry(record.id).or_insert(record);
    }
    for settled in writes.settled {
        let row = rows.get_mut(&settled.id);
        if let Some(row) = row.filter(|row| row.status == ApprovalStatus::Pending) {
            row.status = settled.status;
            row.comment = settled.comment;
            row.decided_by = settled.decided_by;
            row.decided_at = Some(settled.decided_at);
        }
    }
    rows
}

/// What is wrong, and the rows that mend it.
pub(super) fn check(
    state: &RunState,
    events: &[Recorded],
    rows: &[ApprovalRecord],
    found: &mut Vec<Found>,
) -> Vec<ApprovalRecord> {
    let mut expected = expected(state, events);
    let mut mended = Vec::new();
    for row in rows {
        match expected.remove(&row.id) {
            Some(wanted) if wanted == *row => {}
            Some(wanted) => {
                let detail = if wanted.status == row.status {
                    format!(
                        "{} of {} says something else than the event that asked for it",
                        row.id, row.step
                    )
                } else {
                    let (is, should) = (row.status.as_str(), wanted.status.as_str());
                    format!("{} of {} is {is}, and {should} in the journal", row.id, row.step)
                };
                found.push(Found::new(VerifyFindingKind::ApprovalDiffers, detail));
                mended.push(wanted);
            }
            None => {
                let detail = format!("no event has asked for {} of {}", row.id, row.step);
                found.push(Found::new(VerifyFindingKind::ApprovalUnknown, detail));
            }
        }
    }
    for wanted in expected.into_values() {
        let status = wanted.status.as_str();
        let detail = format!("{} of {} ({status}) is not there", wanted.id, wanted.step);
        found.push(Found::new(VerifyFindingKind::ApprovalMissing, detail));
        mended.push(wanted);
    }
    mended
}
