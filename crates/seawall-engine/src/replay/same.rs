//! Whether a decided event is the recorded one.

use seawall_store::Timestamp;

use crate::core::{Event, FULL_QUEUE, Recorded, RunState, delays, full_queue};
use crate::names::ActivityRef;

/// How many of the decided events are the recorded ones, from the first on, and whether each is so to the letter.
pub(super) struct Matched {
    pub(super) events: usize,
    /// False where only chance made a difference: the time of the next attempt lies within the jitter.
    pub(super) exact: bool,
}

/// Compares a decision with the record. `before` is the state that both begin with.
pub(super) fn matched(before: &RunState, decided: &[Recorded], recorded: &[Recorded], now: Timestamp) -> Matched {
    let mut exact = true;
    let same = decided
        .iter()
        .zip(recorded)
        .enumerate()
        .take_while(|(place, (ours, theirs))| {
            if ours == theirs {
                return true;
            }
            exact = false;
            is_same_but_for_chance(before, (&decided[..*place], now), ours, theirs)
        });
    let events = same.count();
    Matched { events, exact }
}

fn is_same_but_for_chance(
    before: &RunState,
    (decided, now): (&[Recorded], Timestamp),
    ours: &Recorded,
    theirs: &Recorded,
) -> bool {
    if full_queue(&theirs.event).is_some() {
        return is_put_off_alike(ours, theirs, now);
    }
    if let (Event::ChildStarted(mine), Event::ChildStarted(recorded)) = (&ours.event, &theirs.event) {
        // What the child's definition says of flow control is not in the record of its parent.
        let mut patched = (**mine).clone();
        patched.flow = recorded.flow.clone();
        return ours.at == theirs.at && patched == **recorded;
    }
    let (Event::StepFailed { activity, .. }, Some(at)) = (&ours.event, retry_at(&theirs.event)) else {
        return false;
    };
    let mut patched = ours.clone();
    if let Event::StepFailed {
        retry_at: Some(retry_at),
        ..
    } = &mut patched.event
    {
        *retry_at = at;
    }
    patched == *theirs && may_be_tried_at(before, (decided, now), (ours, activity), at)
}

/// Their queue was full, and chance spreads them.
fn is_put_off_alike(ours: &Recorded, theirs: &Recorded, now: Timestamp) -> bool {
    let mut patched = ours.clone();
    let (Event::StepDeferred { until, .. }, Event::StepDeferred { until: recorded, .. }) =
        (&mut patched.event, &theirs.event)
    else {
        return false;
    };
    *until = *recorded;
    let (least, most) = FULL_QUEUE;
    patched == *theirs && now.saturating_add(least) <= *recorded && *recorded <= now.saturating_add(most)
}

pub(super) const fn retry_at(event: &Event) -> Option<Timestamp> {
    match event {
        Event::StepFailed { retry_at, .. } => *retry_at,
        _ => None,
    }
}

/// Whether the retry policy can give this time.
fn may_be_tried_at(
    before: &RunState,
    (decided, now): (&[Recorded], Timestamp),
    (failed, activity): (&Recorded, &ActivityRef),
    at: Timestamp,
) -> bool {
    let (Event::StepFailed { error, .. }, Some(slot)) = (&failed.event, before.slot(activity)) else {
        return false;
    };
    let starts_over = decided
        .iter()
        .any(|earlier| matches!(earlier.event, Event::RunRetried { .. }));
    let failures = if starts_over {
        0
    } else {
        before.at(slot).map_or(0, |state| state.failures)
    };
    let (least, most) = delays(&before.doing(slot).retry.backoff, failures);
    let asked = error.retry_after.unwrap_or_default();
    let earliest = now.saturating_add(least.max(asked));
    let latest = now.saturating_add(most.max(asked));
    earliest <= at && at <= latest
}
