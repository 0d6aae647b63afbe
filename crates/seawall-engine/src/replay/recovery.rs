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
    let first = first(state, record)?;
    Some(first.safe_after.since(first.end(now)))
}

/// Where the clock can have stood in a recovery that has recorded these two such times, `other` and the first one: from there,
/// one lease leads to both. Latest first, and of a whole stretch of time only its end.
pub(super) fn clocks(state: &RunState, record: &[Recorded], other: &Recorded) -> Vec<Timestamp> {
    let (Some(first), Some(other)) = (first(state, record), Unknown::of(state, other)) else {
        return Vec::new();
    };
    let mut clocks: Vec<i64> = first.bends().into_iter().chain(other.bends()).collect();
    for (rests, goes) in [(&first, &other), (&other, &first)] {
        // One is over at its deadline, and the other one when the clock says so.
        let lease = rests.deadline.map(|deadline| between(deadline, rests.safe_after));
        let end = lease.map(|lease| goes.safe_after.as_millis().saturating_sub(lease));
        clocks.extend(
            end.into_iter()
                .flat_map(|end| [end, end.saturating_sub(goes.timeout())]),
        );
    }
    clocks.sort_unstable();
    clocks.dedup();
    let clocks = clocks.into_iter().rev().map(Timestamp::from_millis);
    clocks
        .filter(|now| *now <= state.last_at)
        .filter(|now| first.lease(*now) >= 0 && first.lease(*now) == other.lease(*now))
        .collect()
}

fn first(state: &RunState, record: &[Recorded]) -> Option<Unknown> {
    let at = record.first()?.at;
    let decision = record.iter().take(FURTHEST).take_while(|recorded| recorded.at == at);
    decision.filter_map(|recorded| Unknown::of(state, recorded)).next()
}

/// An attempt in flight that a recovery found, of whose process it did not know that it was dead.
struct Unknown {
    deadline: Option<Timestamp>,
    timeout: Option<Duration>,
    /// One lease after the attempt is over.
    safe_after: Timestamp,
}

impl Unknown {
    fn of(state: &RunState, recorded: &Recorded) -> Option<Self> {
        let Event::StepOutcomeUnknown {
            activity,
            safe_after: Some(safe_after),
            ..
        } = &recorded.event
        else {
            return None;
        };
        let slot = state.slot(activity)?;
        Some(Self {
            deadline: state.at(slot)?.deadline,
            timeout: state.doing(slot).timeout,
            safe_after: *safe_after,
        })
    }

    /// When it is over at the latest, by a clock that stands there: its timeout later, but not after its deadline.
    fn end(&self, now: Timestamp) -> Timestamp {
        let left = self.deadline.map_or(Duration::ZERO, |deadline| deadline.since(now));
        now.saturating_add(self.timeout.map_or(left, |timeout| left.min(timeout)))
    }

    fn lease(&self, now: Timestamp) -> i64 {
        between(self.end(now), self.safe_after)
    }

    /// The end goes with the clock, rests while its deadline is nearer than its timeout, and then goes again. And where it
    /// would leave no time for a lease.
    fn bends(&self) -> Vec<i64> {
        let ends = [self.deadline, Some(self.safe_after)].into_iter().flatten();
        let ends = ends.map(Timestamp::as_millis);
        ends.flat_map(|end| [end, end.saturating_sub(self.timeout())]).collect()
    }

    fn timeout(&self) -> i64 {
        self.timeout
            .map_or(0, |timeout| i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX))
    }
}

const fn between(from: Timestamp, until: Timestamp) -> i64 {
    until.as_millis().saturating_sub(from.as_millis())
}
