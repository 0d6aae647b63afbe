//! In what a request differs: the journal keeps a digest of it only, so the recorded one is rendered again.

use std::sync::Arc;

use serde_json::Value;

use crate::core::{Action, AttemptPlan, Recorded};
use crate::datum::weight;
use crate::definition::Definition;
use crate::names::ActivityRef;
use crate::replay::Replay;
use crate::replay::change::difference::difference;
use crate::replay::change::finding::Findings;

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
}

/// Adds to the findings what changed in the requests. Replays the record once more, with its own definition.
pub(super) fn explain(findings: &mut Findings, mut asked: Vec<Asked>, own: &Arc<Definition>, record: &[Recorded]) {
    let Ok(mut replay) = Replay::new(Arc::clone(own), record) else {
        return;
    };
    while !asked.is_empty() {
        let Some(Ok(step)) = replay.next() else { return };
        for action in step.actions {
            let Action::Start(plan) = action else { continue };
            let is_asked = |of: &Asked| of.activity == plan.activity && of.attempt == plan.attempt;
            let Some(place) = asked.iter().position(is_asked) else {
                continue;
            };
            let of = asked.swap_remove(place);
            let text = match difference(&plan.request.value, &of.now) {
                text if text.is_empty() => "other secrets".to_owned(),
                text => text,
            };
            if let Some(finding) = findings.list.get_mut(of.finding) {
                finding.message = format!("{}: {text}", finding.message);
            }
        }
    }
}
