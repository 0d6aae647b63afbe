//! Another holder went on with the run: what was in flight shows how the one before ended.

use std::time::Duration;

use seawall_store::Timestamp;

use crate::core::{Command, Event, Recorded, RunState};
use crate::replay::script::Candidate;

/// No decision has more events that matter here: one for each attempt in flight.
const FURTHEST: usize = 20_000;

/// A recovery, by somebody who did not know the holder before to be dead or by somebody who did.
pub(super) fn candidates(state: &RunState, record: &[Recorded], now: Timestamp) -> Vec<Candidate> {
    let recover = |predecessor_dead, lease| Candidate {
        command: Command::Recover { predecessor_dead },
        lease,
    };
    // Both: the time that was found may belong to another recovery of the same moment.
    let unsure = lease(state, record, now).map(|lease| recover(false, lease));
    unsure.into_iter().chain([recover(true, Duration::ZERO)]).collect()
}

/// How long a lease lasted, from the time that an unknown outcome was not to be repeated before. None where no such time
/// is recorded.
pub(super) fn lease(state: &RunState, record: &[Recorded], now: Timestamp) -> Option<Duration> {
    let at = record.first()?.at;
    let decision = record.iter().take(FURTHEST).take_while(|recorded| recorded.at == at);
    decision
        .filter_map(|recorded| match &recorded.event {
            Event::StepOutcomeUnknown {
                activity,
                safe_after: Some(safe_after),
                ..
            } => {
                let slot = state.slot(activity)?;
                let left = state
                    .at(slot)?
                    .deadline
                    .map_or(Duration::ZERO, |deadline| deadline.since(now));
                let most = state.doing(slot).timeout.unwrap_or(left);
                Some(safe_after.since(now.saturating_add(left.min(most))))
            }
            _ => None,
        })
        .next()
}
