//! A run's row against the state that its journal amounts to.

use std::collections::BTreeSet;
use std::time::Duration;

use seawall_store::{Awaits, ClaimLimits, RunProjection, RunRecord, RunStatus, Seq, Timestamp};

use super::finding::VerifyFindingKind;
use super::report::Found;
use crate::api::rfc3339;
use crate::core::{Command, Env, Event, LONGEST_ROOM_BACKOFF, Phase, RunCreated, RunState, decide, wanted_room};

/// What never changes: it stands in the first event too.
pub(super) fn identity(record: &RunRecord, created: &RunCreated, at: Timestamp) -> Option<Found> {
    let same = [
        ("id", record.id == created.run),
        ("workflow", record.workflow == created.workflow),
        ("parent", record.parent == created.parent),
        ("creator", record.created_by == created.created_by),
        ("time of creation", record.created_at == at),
    ];
    let (what, _) = same.into_iter().find(|(_, same)| !same)?;
    let detail = format!("the {what} in its journal is another one than in its row");
    Some(Found::new(VerifyFindingKind::JournalForeign, detail))
}

pub(super) fn projection(record: &RunRecord, state: &RunState) -> Option<Found> {
    let (row, mut journal) = (&record.projection, state.projection());
    // Of a child that has not begun, its parent did not know how many steps it has.
    if state.phase == Phase::Queued && state.seq == Seq(1) && row.total_steps == 0 {
        journal.total_steps = 0;
    }
    if record.last_seq != state.seq {
        let detail = format!(
            "its row ends with event {}, its journal with event {}",
            record.last_seq, state.seq
        );
        return Some(Found::new(VerifyFindingKind::RowDiffers, detail));
    }
    let what = difference(row, &journal)?;
    let aside = row.status == RunStatus::Blocked && journal.status != RunStatus::Blocked;
    let hint = if aside {
        "; it was put aside when its definition or its journal could not be used"
    } else {
        ""
    };
    let detail = format!("its row says {}, its journal {}{hint}", what.0, what.1);
    Some(Found::new(VerifyFindingKind::RowDiffers, detail))
}

fn difference(row: &RunProjection, journal: &RunProjection) -> Option<(String, String)> {
    let pairs = [
        (format!("{}", row.status), format!("{}", journal.status)),
        (awaited(row.awaits), awaited(journal.awaits)),
        (
            format!("{} steps", row.total_steps),
            format!("{} steps", journal.total_steps),
        ),
        (
            format!("{} steps are done", row.completed_steps),
            format!("{} steps are done", journal.completed_steps),
        ),
        (begun("begun", row.started_at), begun("begun", journal.started_at)),
        (begun("ended", row.finished_at), begun("ended", journal.finished_at)),
        (error(row.error_code.as_deref()), error(journal.error_code.as_deref())),
        // Rows of before say neither.
        (
            said(row.error_message.is_some(), row),
            said(row.error_message.is_some(), journal),
        ),
    ];
    pairs.into_iter().find(|(row, journal)| row != journal)
}

fn said(whether: bool, row: &RunProjection) -> String {
    let (step, message) = (row.error_step.as_deref(), row.error_message.as_deref());
    if whether {
        format!(
            "the error {:?} of step {:?}",
            message.unwrap_or_default(),
            step.unwrap_or_default()
        )
    } else {
        String::new()
    }
}

fn awaited(awaits: Awaits) -> String {
    match awaits {
        Awaits::Nobody => "nobody is waited for".to_owned(),
        Awaits::Person => "a person is waited for".to_owned(),
    }
}

fn begun(what: &str, at: Option<Timestamp>) -> String {
    at.map_or_else(|| format!("not {what}"), |at| format!("{what} at {}", rfc3339(at)))
}

fn error(code: Option<&str>) -> String {
    code.map_or_else(|| "no error".to_owned(), |code| format!("the error [{code}]"))
}

/// When an unheld run has to be due at the latest. None: nothing has to happen by itself. `retried`: it has ended, and its
/// retry has not been read.
pub(super) fn wanted_due(state: &RunState, unread: bool, retried: bool, now: Timestamp) -> Option<Timestamp> {
    if state.is_terminal() {
        return retried.then_some(Timestamp::ZERO);
    }
    if unread || has_work(state, now) {
        return Some(Timestamp::ZERO);
    }
    let due = state.next_wake()?;
    // Room in a queue is looked for less often the longer it is waited for, and the journal does not say when.
    let mut timers = state.timers.iter().take_while(|(at, _)| *at <= now);
    let crowded = timers.any(|(_, slot)| state.at(*slot).and_then(wanted_room).is_some());
    if crowded {
        Some(now.saturating_add(LONGEST_ROOM_BACKOFF))
    } else {
        Some(due)
    }
}

/// Whether a holder that took the run over now would do anything at once, timers apart.
fn has_work(state: &RunState, now: Timestamp) -> bool {
    let full = BTreeSet::new();
    let env = Env {
        now,
        random: 0,
        lease: Duration::ZERO,
        full: &full,
    };
    let mut state = state.clone();
    let decision = decide(&mut state, Command::Recover { predecessor_dead: true }, &env);
    // A block adds an event and nothing else: the row is right once it is there.
    let work = |event: &Event| !matches!(event, Event::RunBlocked { .. });
    !decision.actions.is_empty() || decision.events.iter().any(|recorded| work(&recorded.event))
}

/// What is due at once has no other time.
fn when(at: Timestamp) -> String {
    if at == Timestamp::ZERO {
        "now".to_owned()
    } else {
        format!("at {}", rfc3339(at))
    }
}

pub(super) fn stranded(record: &RunRecord, wanted: Option<Timestamp>, now: Timestamp) -> Option<Found> {
    let wanted = wanted.filter(|_| record.holder.is_none())?;
    let suspect = record.deaths >= ClaimLimits::SUSPECT;
    let detail = match record.due {
        // One whose holders keep dying waits for its turn.
        Some(due) if suspect || due <= wanted.max(now) => return None,
        Some(due) => format!(
            "it would go on at {}, and has something to do {}",
            rfc3339(due),
            when(wanted)
        ),
        None => "there is something to do, and nothing that would wake it".to_owned(),
    };
    Some(Found::new(VerifyFindingKind::Stranded, detail))
}
