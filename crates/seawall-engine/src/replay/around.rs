//! What was round a decision and is not recorded: where the clock stood, and which queues were full.
//!
//! An event is never earlier than the one before it, so that of a clock that was set back the record only says that it stood
//! no further. What a decision counts from the clock, and what was due by it, tells where it stood.

use std::collections::BTreeSet;
use std::time::Duration;

use seawall_store::{QueueName, Timestamp};

use crate::core::{Event, FULL_QUEUE, Recorded, RunState, full_queue, longest_wait, wanted_room};
use crate::replay::recovery;

/// One decision is tried with no more than so many of them.
pub(super) const MOST: usize = 24;

#[derive(Clone, PartialEq)]
pub(super) struct Around {
    pub(super) now: Timestamp,
    pub(super) full: BTreeSet<QueueName>,
}

impl Around {
    /// The likeliest for a decision of that time.
    pub(super) const fn at(now: Timestamp) -> Self {
        let full = BTreeSet::new();
        Self { now, full }
    }

    /// What else may have been, given that with this `decided` would have followed, where after so many events that are the
    /// same another one stands in the record.
    pub(super) fn others(
        &self,
        state: &RunState,
        decided: Option<&Recorded>,
        (record, same): (&[Recorded], usize),
    ) -> Vec<Self> {
        let recorded = record.get(same);
        let mut others = Vec::new();
        if let Some(queue) = recorded.and_then(|recorded| full_queue(&recorded.event)) {
            let mut other = self.clone();
            if other.full.insert(queue) {
                others.push(other);
            }
        }
        // That it still had no room is no event.
        if let Some(queue) = decided.and_then(|decided| crowded(state, &decided.event)) {
            let mut other = self.clone();
            if other.full.insert(queue) {
                others.push(other);
            }
        }
        // A clock that goes on is in the record.
        if self.now <= state.last_at {
            let clocks = recorded.map_or_else(Vec::new, |recorded| recovery::clocks(state, record, recorded));
            others.extend(clocks.into_iter().map(|now| Self {
                now,
                full: self.full.clone(),
            }));
            let earlier = earlier(state, self.now, decided, recorded).into_iter();
            others.extend(earlier.filter(|now| *now < self.now).map(|now| Self {
                now,
                full: self.full.clone(),
            }));
        }
        others
    }
}

/// Where the clock can have stood instead, the likeliest first.
fn earlier(
    state: &RunState,
    now: Timestamp,
    decided: Option<&Recorded>,
    recorded: Option<&Recorded>,
) -> Vec<Timestamp> {
    let (ours, theirs) = (decided.and_then(counted), recorded.and_then(counted));
    let mut found = Vec::new();
    if let (Some(ours), Some(theirs)) = (ours, theirs) {
        found.push(back(now, ours.since(theirs)));
    }
    if let (Some(recorded), Some(theirs)) = (recorded, theirs)
        && full_queue(&recorded.event).is_some()
    {
        // Chance had its part in how long.
        found.insert(0, back(theirs, FULL_QUEUE.0));
    }
    if let (Some(recorded), Some(theirs)) = (recorded, theirs)
        && let Some(longest) = longest_wait(state, &recorded.event)
    {
        found.insert(0, back(theirs, longest));
    }
    // What lies ahead has not come.
    found.extend(theirs.map(just_before));
    let mut due: BTreeSet<Timestamp> = state
        .timers
        .iter()
        .map(|(at, _)| *at)
        .take_while(|at| *at <= now)
        .collect();
    due.extend(state.deadline);
    let deadlines = state.activities().filter_map(|(_, of)| of.deadline);
    due.extend(deadlines);
    found.extend(due.into_iter().rev().take(MOST).map(just_before));
    found
}

/// The queue in which a step that begins had waited for room.
fn crowded(state: &RunState, event: &Event) -> Option<QueueName> {
    let activity = match event {
        Event::StepStarted(started) => &started.activity,
        Event::StepFailed { activity, .. } | Event::StepOutcomeUnknown { activity, .. } => activity,
        _ => return None,
    };
    state.activity(activity).and_then(wanted_room)
}

/// A time that is counted from the clock.
fn counted(recorded: &Recorded) -> Option<Timestamp> {
    match &recorded.event {
        Event::RunAdmitted { waited_ms } => Some(Timestamp::ZERO.saturating_add(Duration::from_millis(*waited_ms))),
        Event::StepStarted(started) => started.deadline,
        Event::StepFailed { retry_at, .. } => *retry_at,
        Event::StepDeferred { until, .. } | Event::TimerSet { until, .. } => Some(*until),
        Event::StepOutcomeUnknown { safe_after, .. } => *safe_after,
        Event::SignalAwaited { until, .. } => *until,
        Event::ApprovalRequested(asked) => asked.expires_at,
        _ => None,
    }
}

fn just_before(at: Timestamp) -> Timestamp {
    back(at, Duration::from_millis(1))
}

fn back(at: Timestamp, by: Duration) -> Timestamp {
    let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(at.as_millis().saturating_sub(by))
}
