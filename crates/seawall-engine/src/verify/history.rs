//! From the stored journal of a run to its events and its state.

use std::sync::Arc;

use seawall_store::{Segment, Seq};

use super::finding::VerifyFindingKind;
use super::order;
use super::report::Found;
use crate::core::{Event, Recorded, RunCreated, RunState};
use crate::definition::Definition;
use crate::journal::decode;

/// All events of a journal that has no hole.
pub(super) fn events(segments: &[Segment], last: Option<Seq>) -> Result<Vec<Recorded>, Found> {
    let mut events = Vec::new();
    let mut reached = Seq(0);
    for segment in segments {
        if segment.first != reached.plus(1) {
            return Err(hole(reached, segment.first));
        }
        reached = segment.last();
        let more = decode(segment).map_err(|error| {
            let detail = format!("the events from {} to {}: {error}", segment.first, segment.last());
            Found::new(VerifyFindingKind::JournalUnreadable, detail)
        })?;
        events.extend(more);
    }
    match last {
        Some(last) if last > reached => Err(Found::new(
            VerifyFindingKind::JournalHole,
            format!("its journal ends with event {reached}, its row knows of event {last}"),
        )),
        _ if events.is_empty() => Err(hole(reached, reached.plus(1))),
        _ => Ok(events),
    }
}

fn hole(after: Seq, found: Seq) -> Found {
    let detail = if found == after.plus(1) {
        "it has no journal".to_owned()
    } else {
        format!("after event {after} its journal goes on with event {found}")
    };
    Found::new(VerifyFindingKind::JournalHole, detail)
}

/// The first event, which says whose journal it is.
pub(super) fn created(events: &[Recorded]) -> Result<&RunCreated, Found> {
    match events.first().map(|recorded| &recorded.event) {
        Some(Event::RunCreated(created)) => Ok(created),
        _ => Err(Found::new(
            VerifyFindingKind::JournalForeign,
            "its journal does not begin with its creation",
        )),
    }
}

/// Replays, and holds each event against the state before it.
pub(super) fn replay(
    definition: Arc<Definition>,
    events: &[Recorded],
    found: &mut Vec<Found>,
) -> Result<RunState, Found> {
    let foreign = |detail: String| Found::new(VerifyFindingKind::JournalForeign, detail);
    let (first, rest) = events
        .split_first()
        .ok_or_else(|| foreign("its journal is empty".to_owned()))?;
    let mut state = RunState::created(definition, first).map_err(|error| foreign(error.to_string()))?;
    for recorded in rest {
        if let Some(wrong) = order::wrong(&state, recorded) {
            found.push(wrong);
        }
        state.evolve(recorded);
    }
    Ok(state)
}
