//! In what a request differs: the journal keeps a digest of it only, so the recorded one is rendered again.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::core::{Action, AttemptPlan, Recorded, TaskPlan};
use crate::datum::weight;
use crate::definition::Definition;
use crate::names::ActivityRef;
use crate::replay::Replay;
use crate::replay::change::difference::difference;
use crate::replay::change::finding::Findings;
use crate::replay::change::world::offered_by;

/// A request larger than this is not kept for a comparison.
const MAX_BYTES: usize = 256 * 1024;

/// A request that changed, and where its explanation goes.
pub(super) struct Asked {
    finding: usize,
    activity: ActivityRef,
    /// In the record.
    attempt: u32,
    now: Value,
}

impl Asked {
    pub(super) fn new(finding: usize, attempt: u32, plan: &AttemptPlan) -> Option<Self> {
        (weight(&plan.request.value) <= MAX_BYTES).then(|| Self {
            finding,
            activity: plan.activity.clone(),
            attempt,
            now: plan.request.value.clone(),
        })
    }

    /// Of a task.
    pub(super) fn task(finding: usize, attempt: u32, activity: &ActivityRef, plan: &TaskPlan) -> Option<Self> {
        (plan.payload.len() <= MAX_BYTES).then(|| Self {
            finding,
            activity: activity.clone(),
            attempt,
            now: payload(plan),
        })
    }
}

/// Adds to the findings what changed in the requests. Replays the record once more, with its own definition.
pub(super) fn explain(findings: &mut Findings, mut asked: Vec<Asked>, own: &Arc<Definition>, record: &[Recorded]) {
    let Ok(mut replay) = Replay::new(Arc::clone(own), record) else {
        return;
    };
    while !asked.is_empty() {
        let Some(Ok(step)) = replay.next() else { return };
        for action in step.actions {
            let (activity, attempt) = match &action {
                Action::Start(plan) => (&plan.activity, plan.attempt),
                Action::Offer(plan) => match offered_by(plan, &record[step.events.clone()]) {
                    Some(offered) => (&offered.activity, plan.attempt),
                    None => continue,
                },
                Action::Stop { .. } | Action::FindChild { .. } => continue,
            };
            let is_asked = |of: &Asked| of.activity == *activity && of.attempt == attempt;
            let Some(place) = asked.iter().position(is_asked) else {
                continue;
            };
            let of = asked.swap_remove(place);
            let text = match &action {
                Action::Start(plan) => difference(&plan.request.value, &of.now),
                Action::Offer(plan) => difference(&json!({ "payload": payload(plan) }), &json!({ "payload": of.now })),
                Action::Stop { .. } | Action::FindChild { .. } => continue,
            };
            let text = if text.is_empty() { "other secrets" } else { &text };
            if let Some(finding) = findings.list.get_mut(of.finding) {
                let joint = if finding.message.contains(": ") { ';' } else { ':' };
                finding.message = format!("{}{joint} {text}", finding.message);
            }
        }
    }
}

fn payload(plan: &TaskPlan) -> Value {
    serde_json::from_slice(&plan.payload).unwrap_or_default()
}
