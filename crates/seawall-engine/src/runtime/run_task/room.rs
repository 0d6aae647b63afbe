//! A run whose steps wait for room in their queues. That is in no event, so when it looks again is only in memory and, once
//! it is parked, in its row.

use std::collections::BTreeSet;

use seawall_store::{QueueName, Timestamp};

use crate::core::{RunState, room_backoff, wanted_room};

/// So many queues wake a run when they have room again.
const MAX_QUEUES: usize = 8;

/// Steps wait for room in their queues, and nothing is journaled about that: it has been said.
#[derive(Clone, Copy)]
pub(super) struct Crowded {
    /// What was due by then was looked at.
    seen: Timestamp,
    again: Timestamp,
}

impl Crowded {
    /// Steps have waited since `since`, and now there was no room again.
    pub(super) fn since(since: Timestamp, now: Timestamp, random: u64) -> Self {
        Self {
            seen: now,
            again: now.saturating_add(room_backoff(now.since(since), random)),
        }
    }

    pub(super) fn next_wake(self, state: &RunState) -> Option<Timestamp> {
        state.next_wake_after(self.seen).into_iter().chain([self.again]).min()
    }

    /// Where room is waited for, and since when; some of the queues, if they are many.
    pub(super) fn queues(self, state: &RunState) -> Option<(Timestamp, BTreeSet<QueueName>)> {
        let due = state.timers.iter().take_while(|(at, _)| *at <= self.seen);
        let mut waiting = due.filter_map(|(at, slot)| Some((*at, wanted_room(state.at(*slot)?)?)));
        let (since, first) = waiting.next()?;
        let mut queues = BTreeSet::from([first]);
        for (_, queue) in waiting {
            if queues.len() >= MAX_QUEUES {
                break;
            }
            queues.insert(queue);
        }
        Some((since, queues))
    }
}
