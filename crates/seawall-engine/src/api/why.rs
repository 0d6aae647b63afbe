//! Why a run does not go on: a reason for every way in which it can stand still.

use seawall_store::{QueueName, RunRecord, TaskRecord, TaskStatus, Timestamp};

use crate::api::Reason;
use crate::api::view_journal::rfc3339;
use crate::api::why_queue::Tasks;
use crate::core::{ActivityState, BlockReason, Phase, RunState, Slot, StepStatus, Wait, is_being_stopped, wanted_room};
use crate::executor::StepError;
use crate::journal::READER_VERSION;
use crate::names::Part;

/// So many activities are named; a map of thousands of waits is told in short.
pub(super) const MAX_ACTIVITIES: usize = 50;

/// Every reason, the run's own first. Never empty. `state` is the replay of the journal that `record` was read with; `now`
/// is the store's, `tasks` are those that it waits for.
#[must_use]
pub(crate) fn why(record: &RunRecord, state: &RunState, tasks: &Tasks, now: Timestamp) -> Vec<Reason> {
    if state.is_terminal() {
        return vec![ended(state)];
    }
    let mut reasons = Vec::new();
    reasons.extend(compensating(state).or_else(|| stopping(state)));
    reasons.extend(paused(state));
    reasons.extend(dead_holders(state));
    let standing = state
        .activities()
        .filter_map(|(slot, own)| standing((record, state), (tasks, now), slot, own));
    let before = reasons.len();
    let mut cut = 0;
    for reason in standing {
        if reasons.len() - before < MAX_ACTIVITIES {
            reasons.push(reason);
        } else {
            cut += 1;
        }
    }
    if cut > 0 {
        reasons.push(of_run(
            "more",
            None,
            format!("and {cut} more steps or items like these"),
        ));
    }
    match unreadable(record) {
        Some(reason) => reasons.push(reason),
        None => reasons.extend(execution(record, state, now, reasons.is_empty())),
    }
    reasons
}

/// The run can neither be shown nor gone on with here, and why.
pub(super) fn unusable(record: &RunRecord, trouble: &str) -> Reason {
    unreadable(record).unwrap_or_else(|| {
        let detail = format!(
            "its definition or its journal cannot be used by this installation: {trouble}. Restore what is missing, then \
             resume it, or delete the run as it stands"
        );
        of_run("blocked", None, detail)
    })
}

/// Nobody has the run, and this program could not go on with it.
fn unreadable(record: &RunRecord) -> Option<Reason> {
    let reader = record.reader;
    let needs = format!("reader version {reader}, this program has {READER_VERSION}");
    let detail = match record.holder {
        _ if reader <= READER_VERSION || record.projection.status.is_terminal() => return None,
        Some(holder) => format!("node {holder} holds the run; its journal was written by a newer Seawall ({needs})"),
        None => format!(
            "its journal was written by a newer Seawall ({needs}): the run goes on with a node that can read it"
        ),
    };
    Some(of_run("newer-journal", None, detail))
}

const fn of_run(kind: &'static str, until: Option<Timestamp>, detail: String) -> Reason {
    Reason {
        kind,
        step: None,
        item: None,
        part: Part::Main,
        until,
        detail,
    }
}

fn ended(state: &RunState) -> Reason {
    let detail = match (&state.phase, &state.error) {
        (Phase::Failed, Some(error)) => format!("the run failed: {}", error.code),
        (Phase::Cancelled, _) => match &state.superseded {
            Some((by, reason)) => format!("the run was cancelled ({}): {by} took its place", reason.as_str()),
            None => "the run was cancelled".to_owned(),
        },
        _ => format!("the run has {}", state.status()),
    };
    of_run("ended", state.finished_at, detail)
}

fn stopping(state: &RunState) -> Option<Reason> {
    let detail = match &state.phase {
        Phase::Failing(error) => format!(
            "the run fails ({}) once everything that has begun is settled",
            error.code
        ),
        Phase::Cancelling => "the run is cancelled once everything that has begun is settled".to_owned(),
        _ => return None,
    };
    Some(of_run("stopping", None, detail))
}

/// How far the run is undone.
fn compensating(state: &RunState) -> Option<Reason> {
    if !state.is_compensating() {
        return None;
    }
    let left = state.undo.as_ref().map_or(0, std::collections::VecDeque::len);
    let parts = state.activities().filter(|(slot, _)| slot.part == Part::Compensate);
    let (failed, undone) = parts.fold((0, 0), |(failed, undone), (_, own)| match own.status {
        StepStatus::Failed => (failed + 1, undone),
        StepStatus::Succeeded => (failed, undone + 1),
        _ => (failed, undone),
    });
    let then = match &state.phase {
        Phase::Failing(error) => format!("then the run fails ({})", error.code),
        _ if failed > 0 => "then the run fails (compensation-failed)".to_owned(),
        _ => "then the run is cancelled".to_owned(),
    };
    let failed = if failed > 0 {
        format!(", {failed} could not be undone")
    } else {
        String::new()
    };
    let detail = format!("what the run has done is undone: {undone} done{failed}, {left} left; {then}");
    Some(of_run("compensating", None, detail))
}

fn paused(state: &RunState) -> Option<Reason> {
    let detail = "no new attempt begins until the run is resumed".to_owned();
    state.paused.then(|| of_run("paused", None, detail))
}

fn dead_holders(state: &RunState) -> Option<Reason> {
    // An unknown outcome is told at its step.
    let Some(BlockReason::HoldersDied(deaths)) = &state.blocked else {
        return None;
    };
    let or = if state.is_stopping() {
        "or give up what is being undone or looked into: resolve it as failed"
    } else {
        "or cancel it"
    };
    let detail = format!("{deaths} processes in a row died while they held this run; resume it to try once more, {or}");
    Some(of_run("blocked", None, detail))
}

/// Why this activity has begun and not ended.
fn standing(
    (record, state): (&RunRecord, &RunState),
    (tasks, now): (&Tasks, Timestamp),
    slot: Slot,
    own: &ActivityState,
) -> Option<Reason> {
    let (kind, until, detail) = match own.status {
        StepStatus::Running if record.holder.is_none() => cut_off(own),
        StepStatus::Running => attempt(state, slot, own),
        StepStatus::Retrying => retry(state, slot, own),
        StepStatus::Waiting => wait(own, is_being_stopped(state, slot), tasks, now),
        StepStatus::Unknown => unknown(state, slot, own),
        _ => return None,
    };
    let item = slot.item.map_or(String::new(), |item| format!("item {item}: "));
    let part = slot.part.as_str().map_or(String::new(), |part| format!("{part}: "));
    Some(Reason {
        kind,
        step: Some(state.definition.steps[slot.step].id.clone()),
        item: slot.item,
        part: slot.part,
        until,
        detail: format!("{item}{part}{detail}"),
    })
}

type Standing = (&'static str, Option<Timestamp>, String);

fn attempt(state: &RunState, slot: Slot, own: &ActivityState) -> Standing {
    let told = if is_being_stopped(state, slot) {
        " and was told to stop"
    } else {
        ""
    };
    let detail = format!("attempt {} is in progress{told}", own.attempts);
    ("attempt", own.deadline, detail)
}

/// Nobody holds the run, so nobody is at it; what that means its effect class says once a node has taken the run.
fn cut_off(own: &ActivityState) -> Standing {
    let detail = format!(
        "attempt {} was in progress when its process let go of the run; what becomes of it is decided when a node takes \
         the run over",
        own.attempts
    );
    ("attempt", None, detail)
}

fn retry(state: &RunState, slot: Slot, own: &ActivityState) -> Standing {
    if let Some(reason) = &own.deferred {
        // When room is looked for, nobody has said: with each look that found none, later.
        let until = own.wake.filter(|_| wanted_room(own).is_none());
        return ("deferred", until, format!("not begun yet: {reason}"));
    }
    let held = if state.is_held_back(slot) {
        ", and does not begin while the run stands"
    } else {
        ""
    };
    let last = last_error(own.error.as_ref());
    let detail = format!("attempt {} follows{held}{last}", own.attempts + 1);
    ("retry", own.wake, detail)
}

fn wait(own: &ActivityState, stopping: bool, tasks: &Tasks, now: Timestamp) -> Standing {
    let (kind, detail) = match &own.wait {
        Some(Wait::Timer) => ("timer", "sleeps".to_owned()),
        Some(Wait::Signal { name }) => ("signal", format!("waits for the signal `{name}`")),
        Some(Wait::Approval { id }) => ("approval", format!("waits for somebody to decide {id}")),
        Some(Wait::Child { run, workflow, .. }) => {
            let told = match (own.child_told, stopping) {
                (false, _) => "",
                (true, true) => {
                    ", which was told to stop, and has to have ended first: if it is blocked, somebody has to resolve it"
                }
                (true, false) => {
                    ", which took too long and was told to stop. When that has ended, this fails: if it is blocked, \
                     somebody has to resolve it"
                }
            };
            let detail = format!(
                "waits for the child run {run} of {}, version {}{told}",
                workflow.name, workflow.version
            );
            ("child", detail)
        }
        Some(Wait::Task { id, queue, told }) => {
            let row = tasks.find(*id);
            let held = row.map(|row| tasks.held(row, now)).unwrap_or_default();
            return task(queue, row, *told, held);
        }
        None => ("timer", "waits".to_owned()),
    };
    (kind, own.wake, detail)
}

fn task(
    queue: &QueueName,
    row: Option<&TaskRecord>,
    told: bool,
    (held, until): (Vec<String>, Option<Timestamp>),
) -> Standing {
    let told = if told { ", which was told to stop" } else { "" };
    let Some(row) = row else {
        // It was settled after the journal was read, or its end has not been taken yet.
        let detail = format!("the end of its task in queue {queue} is about to be taken{told}");
        return ("task", None, detail);
    };
    let (TaskStatus::Claimed, Some(worker)) = (row.status, &row.worker) else {
        let since = rfc3339(row.offered_at);
        let held: String = held.iter().map(|held| format!("; {held}")).collect();
        let detail = format!("waits for a worker of queue {queue} since {since}{held}");
        return ("task", until, detail);
    };
    let beat = match (row.beat_at, row.claimed_at) {
        (Some(at), _) => format!("last heartbeat {}", rfc3339(at)),
        (None, Some(at)) => format!("claimed {}", rfc3339(at)),
        (None, None) => "claimed".to_owned(),
    };
    let lease = row
        .lease_until
        .map_or(String::new(), |at| format!(", lease until {}", rfc3339(at)));
    let detail = format!("worker {worker} of queue {queue} has it{told}: {beat}{lease}");
    ("task", row.deadline, detail)
}

fn unknown(state: &RunState, slot: Slot, own: &ActivityState) -> Standing {
    let last = last_error(own.error.as_ref());
    let what = format!("attempt {} may or may not have had its effect{last}", own.attempts);
    let reconcile = state.at(slot.part(Part::Reconcile)).filter(|_| slot.is_main());
    if reconcile.is_some_and(|reconcile| !reconcile.status.is_settled()) {
        let detail = format!("{what}. Its reconcile step finds out; somebody who knows may resolve it meanwhile");
        return ("unknown-outcome", None, detail);
    }
    let tried = reconcile.and_then(|reconcile| reconcile.error.as_ref());
    let tried = tried.map_or_else(String::new, |error| {
        format!(
            ". Its reconcile step did not find out ({}: {})",
            error.code, error.message
        )
    });
    let safe = own.deadline.map_or(String::new(), |at| {
        format!("; if it is to run again, that begins after {}", rfc3339(at))
    });
    let detail = format!("{what}{tried}. Find out, then resolve the step as succeeded, failed or retry{safe}");
    ("unknown-outcome", None, detail)
}

fn last_error(error: Option<&StepError>) -> String {
    error.map_or(String::new(), |error| {
        format!(" (last error: {}: {})", error.code, error.message)
    })
}

/// Who executes the run, or why nobody does.
fn execution(record: &RunRecord, state: &RunState, now: Timestamp, alone: bool) -> Option<Reason> {
    if let Some(holder) = record.holder {
        let what = match state.phase {
            Phase::Queued => "is about to begin the run",
            _ if alone => "is about to go on with the run",
            _ => "holds the run",
        };
        let detail = format!("node {holder} {what} (epoch {})", record.epoch.0);
        return Some(of_run("holder", None, detail));
    }
    let waits = "the run waits for its turn".to_owned();
    let Some(due) = record.due.filter(|due| *due > now) else {
        return due_now(record, state).or_else(|| alone.then(|| of_run("unclaimed", None, waits)));
    };
    // Otherwise it is due when a wait, a retry or its own time ends, which speaks for itself.
    let waits_for_room = || state.activities().any(|(_, own)| wanted_room(own).is_some());
    if record.deaths > 0 && state.next_wake() != Some(due) && !waits_for_room() {
        let detail = format!(
            "{} processes in a row died while they held this run; it is tried again then",
            record.deaths
        );
        return Some(of_run("unclaimed", Some(due), detail));
    }
    alone.then(|| of_run("unclaimed", Some(due), waits))
}

/// There is something to do, and nobody does it.
fn due_now(record: &RunRecord, state: &RunState) -> Option<Reason> {
    record.due?;
    let (kind, detail) = if state.phase == Phase::Queued {
        let detail = "no node has had room for the run yet; it is taken in order".to_owned();
        ("queued", detail)
    } else if record.deaths > 0 {
        let detail = format!(
            "its holder died ({} in a row); a node takes the run over soon",
            record.deaths
        );
        ("unclaimed", detail)
    } else {
        let detail = "there is work to do, and no node has taken the run yet".to_owned();
        ("unclaimed", detail)
    };
    Some(of_run(kind, None, detail))
}
