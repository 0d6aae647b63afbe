//! What must be written elsewhere in the same change as some events: approvals, children, messages to other runs.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{
    ApprovalId, ApprovalOpened, ApprovalSettled, ApprovalStatus, Awaits, CrossMessage, MessageKey, NewRun, OwnTurn,
    ParentLink, RunId, RunProjection, RunStatus, Seq, TaskId, TaskWithdrawn, Timestamp,
};

use crate::core::{
    ChildStarted, Decided, Event, Message, Phase, Recorded, RunCreated, RunState, TaskEnd, TaskEnded, TaskOffered,
    TaskPlan, Wait, Withdrawal,
};
use crate::datum::Datum;
use crate::definition::Kind;
use crate::executor::StepError;
use crate::journal::codec::{READER_VERSION, encode};
use crate::journal::flow_entry::flow_entry;
use crate::journal::message::encode_message;
use crate::journal::message_keys::{end_message_key, readmission_key, retry_message_key, task_message_key};
use crate::names::{ActivityRef, approval_id};

/// The rest of an append. An approval that is opened and settled by the same events stands in both lists.
#[derive(Clone, Debug, Default)]
pub(crate) struct Writes {
    pub opened: Vec<ApprovalOpened>,
    pub settled: Vec<ApprovalSettled>,
    pub children: Vec<NewRun>,
    pub messages: Vec<CrossMessage>,
    pub tasks: Vec<seawall_store::TaskOffered>,
    pub withdrawn: Vec<TaskWithdrawn>,
    pub turn: OwnTurn,
}

/// How long the worker of a task that was taken back may take to say how it ended.
pub(crate) const TASK_GRACE: Duration = Duration::from_secs(30);

/// What follows from `events`; `state` is the run after them, `offers` has the plan of each task that they offer. `now` is
/// when children are created and tasks offered: their time begins by the clock, not by the time of this run's events, which a
/// clock that was set back has left behind. With that one, a task would stand behind all those of newer runs.
///
/// A run only ends when nothing waits any more: by then every approval was decided or cancelled, and every child has ended.
#[must_use]
pub(crate) fn writes(state: &RunState, events: &[Recorded], offers: &[TaskPlan], now: Timestamp) -> Writes {
    let mut writes = Writes::default();
    for place in 0..events.len() {
        writes.add(state, events, place, now);
    }
    writes.tasks = tasks(events, offers, now);
    writes.turn = own_turn(state, events);
    writes
}

/// What a child's request to be retried, or the end of that, does to its turn. The retry of a run without a parent waits
/// outside of the run, and is withdrawn there.
fn own_turn(state: &RunState, events: &[Recorded]) -> OwnTurn {
    let any = |kind: fn(&Event) -> bool| events.iter().any(|recorded| kind(&recorded.event));
    if state.awaits_readmission() && any(|event| matches!(event, Event::RunRetryRequested { gated: true, .. })) {
        return OwnTurn::Ask {
            key: readmission_key(state.asked),
            body: encode_message(&Message::Admitted),
        };
    }
    if state.parent.is_some() && any(|event| matches!(event, Event::RunRetryWithdrawn { .. })) {
        return OwnTurn::GiveUp;
    }
    OwnTurn::Keep
}

/// The rows of the tasks, in the order of their events; the plans stand in the same order.
fn tasks(events: &[Recorded], offers: &[TaskPlan], now: Timestamp) -> Vec<seawall_store::TaskOffered> {
    let offered = events.iter().filter_map(|recorded| match &recorded.event {
        Event::TaskOffered(offered) => Some(&**offered),
        _ => None,
    });
    let mut plans = offers.iter();
    offered
        .filter_map(|offered| {
            let plan = plans.find(|plan| plan.task == offered.task)?;
            Some(row(offered, now, plan))
        })
        .collect()
}

fn row(offered: &TaskOffered, at: Timestamp, plan: &TaskPlan) -> seawall_store::TaskOffered {
    seawall_store::TaskOffered {
        id: offered.task,
        queue: offered.queue.clone(),
        activity: offered.activity.to_string(),
        attempt: plan.attempt,
        effect_key: plan.effect_key.to_string(),
        payload: Arc::clone(&plan.payload),
        key: offered.key.clone(),
        priority: offered.priority,
        timeout: plan.timeout,
        offered_at: at,
    }
}

impl Writes {
    fn add(&mut self, state: &RunState, events: &[Recorded], place: usize, now: Timestamp) {
        let recorded = &events[place];
        match &recorded.event {
            Event::ApprovalRequested(asked) => self.opened.push(ApprovalOpened {
                id: asked.approval,
                step: asked.activity.step.as_str().to_owned(),
                item: asked.activity.item,
                message: asked.message.clone(),
                deciders: asked.deciders.clone(),
                requested_at: recorded.at,
                expires_at: asked.expires_at,
            }),
            Event::ApprovalDecided {
                approval,
                decision,
                comment,
                by,
                ..
            } => self.settled.push(ApprovalSettled {
                id: *approval,
                status: match decision {
                    Decided::Approved => ApprovalStatus::Approved,
                    Decided::Rejected => ApprovalStatus::Rejected,
                    Decided::Expired => ApprovalStatus::Expired,
                },
                comment: comment.clone(),
                decided_by: (*decision != Decided::Expired).then(|| by.to_string()),
                decided_at: recorded.at,
            }),
            Event::ChildStarted(started) => self.children.push(child(state, started, now)),
            Event::StepCancelled { activity } if is_approval(state, activity) => {
                let attempt = attempts_at(state, events, place, activity);
                self.abandoned_approval(approval_id(state.run, activity, attempt), recorded.at);
            }
            Event::ChildRetried { activity, child } => {
                let round = attempts_at(state, events, place, activity);
                self.retried(state, activity, *child, round);
            }
            Event::ChildCancelRequested { activity, child } => {
                // One that was retried can be told again.
                let attempt = attempts_at(state, events, place, activity);
                let by = Arc::from(state.run.to_string());
                self.messages.push(CrossMessage {
                    to: *child,
                    key: MessageKey(format!("parent-cancel:{attempt}")),
                    body: encode_message(&Message::Cancel { by }),
                    unheard: Some(missing_child(state, activity, *child, awaited_round(state, activity))),
                });
            }
            Event::TaskCancelRequested { activity, task } => {
                let unclaimed = |end| encode_message(&unclaimed(*task, activity, end));
                self.withdrawn.push(TaskWithdrawn {
                    id: *task,
                    message: CrossMessage {
                        to: state.run,
                        key: task_message_key(*task),
                        body: unclaimed(TaskEnd::Withdrawn),
                        unheard: None,
                    },
                    lost: unclaimed(TaskEnd::Lapsed {
                        timed_out: false,
                        deadline: None,
                    }),
                    grace: TASK_GRACE,
                });
            }
            Event::RunSucceeded { .. }
            | Event::RunFailed { .. }
            | Event::RunCancelled
            | Event::RunRetryWithdrawn { .. }
                if !events[place + 1..].iter().any(goes_on) =>
            {
                self.ended(state, &recorded.event);
            }
            // It has nothing to do again: its parent is told once more how it ended.
            Event::RunRetryRequested { .. } if state.phase == Phase::Succeeded => {
                if let (Some(output), false) = (&state.output, events[place + 1..].iter().any(is_said_later)) {
                    let output = output.clone();
                    self.ended(state, &Event::RunSucceeded { output });
                }
            }
            _ => {}
        }
    }

    fn retried(&mut self, state: &RunState, activity: &ActivityRef, child: RunId, round: u32) {
        let by = Arc::from(state.run.to_string());
        self.messages.push(CrossMessage {
            to: child,
            key: retry_message_key(round),
            body: encode_message(&Message::ParentRetried { by, round }),
            unheard: Some(missing_child(state, activity, child, round)),
        });
    }

    /// An activity that waited for a decision has stopped waiting without one.
    fn abandoned_approval(&mut self, id: ApprovalId, at: Timestamp) {
        self.settled.push(ApprovalSettled {
            id,
            status: ApprovalStatus::Cancelled,
            comment: None,
            decided_by: None,
            decided_at: at,
        });
    }

    fn ended(&mut self, state: &RunState, end: &Event) {
        let Some(parent) = &state.parent else { return };
        // A parent link with a step that is no step's name was written by nobody; there is nobody to tell.
        let Some(activity) = ActivityRef::parse(&parent.step) else {
            return;
        };
        let (status, output, error) = match end {
            // It stays as it ended.
            Event::RunRetryWithdrawn { reason } => (state.status(), Datum::null(), Some(not_retried(reason))),
            _ => ending(end),
        };
        self.messages.push(CrossMessage {
            to: parent.run,
            key: end_message_key(state.run, state.asked),
            body: encode_message(&Message::ChildEnded {
                child: state.run,
                activity: ActivityRef {
                    item: parent.item,
                    ..activity
                },
                generation: parent.generation,
                round: state.asked,
                status,
                output,
                error,
            }),
            // A run that lives on without its parent has nobody to tell.
            unheard: None,
        });
    }
}

/// The end of a task of which nobody knows a worker.
fn unclaimed(task: TaskId, activity: &ActivityRef, end: TaskEnd) -> Message {
    Message::TaskEnded(Box::new(TaskEnded {
        task,
        activity: activity.clone(),
        claim: None,
        end,
    }))
}

/// With which round the activity waits for its child.
fn awaited_round(state: &RunState, activity: &ActivityRef) -> u32 {
    match state.activity(activity).and_then(|own| own.wait.as_ref()) {
        Some(Wait::Child { round, .. }) => *round,
        _ => 0,
    }
}

/// What a run tells itself of a child that is not there any more.
fn missing_child(state: &RunState, activity: &ActivityRef, child: RunId, round: u32) -> (MessageKey, Arc<[u8]>) {
    let message = format!("the child run {child} does not exist any more; what it has done is not known");
    let ended = Message::ChildEnded {
        child,
        activity: activity.clone(),
        generation: state.activity(activity).map_or(0, |own| own.generation),
        round,
        status: RunStatus::Failed,
        output: Datum::null(),
        error: Some(StepError::permanent("child-missing", message)),
    };
    (end_message_key(child, round), encode_message(&ended))
}

/// After an end: the parent has asked for another one.
const fn goes_on(recorded: &Recorded) -> bool {
    matches!(
        recorded.event,
        Event::RunRetried { .. } | Event::RunRetryRequested { .. }
    )
}

/// After such a request: an end that answers it, or another request.
const fn is_said_later(recorded: &Recorded) -> bool {
    matches!(
        recorded.event,
        Event::RunSucceeded { .. } | Event::RunRetryRequested { .. }
    )
}

fn is_approval(state: &RunState, activity: &ActivityRef) -> bool {
    let slot = state.slot(activity);
    slot.is_some_and(|slot| matches!(state.doing(slot).kind, Kind::Approval(_)))
}

/// How many attempts of an activity had begun by an event. The state says how many have by now: a run that was cancelled
/// and retried within the same events has begun another one since.
fn attempts_at(state: &RunState, events: &[Recorded], place: usize, activity: &ActivityRef) -> u32 {
    let begun = |recorded: &Recorded| match &recorded.event {
        Event::StepStarted(started) if started.activity == *activity => Some(started.attempt),
        _ => None,
    };
    let (before, after) = events.split_at(place);
    before
        .iter()
        .rev()
        .find_map(begun)
        .or_else(|| after.iter().find_map(begun).map(|next| next.saturating_sub(1)))
        .unwrap_or_else(|| state.activity(activity).map_or(0, |own| own.attempts))
}

fn ending(event: &Event) -> (RunStatus, Datum, Option<StepError>) {
    match event {
        Event::RunSucceeded { output } => (RunStatus::Succeeded, output.clone(), None),
        Event::RunFailed { error } => {
            let error = StepError::new(error.code.to_string(), error.message.clone());
            (RunStatus::Failed, Datum::null(), Some(error))
        }
        _ => {
            let error = StepError::permanent("child-cancelled", "the child run was cancelled");
            (RunStatus::Cancelled, Datum::null(), Some(error))
        }
    }
}

fn not_retried(reason: &Withdrawal) -> StepError {
    match reason {
        Withdrawal::Rejected => StepError::permanent(
            "flow-rejected",
            "as many runs as the workflow allows go on already, and it lets none wait",
        ),
        Withdrawal::Cancelled { .. } | Withdrawal::Superseded { .. } => {
            StepError::permanent("child-cancelled", "the retry of the child run was withdrawn")
        }
    }
}

/// The child's row and its first event.
fn child(state: &RunState, started: &ChildStarted, at: Timestamp) -> NewRun {
    let activity = &started.activity;
    let parent = ParentLink {
        run: state.run,
        step: activity.step_and_part(),
        item: activity.item,
        generation: state.activity(activity).map_or(0, |own| own.generation),
    };
    let created = RunCreated {
        run: started.child,
        workflow: started.workflow.clone(),
        definition: started.definition,
        input: started.input.clone(),
        created_by: Arc::clone(&state.created_by),
        parent: Some(parent.clone()),
        depth: started.depth,
        scheduled: None,
        gated: started.flow.gate.is_some(),
        priority: started.flow.priority,
        trace: state.trace.clone(),
    };
    let first = Recorded {
        seq: Seq(1),
        at,
        event: Event::RunCreated(Box::new(created)),
    };
    NewRun {
        id: started.child,
        workflow: started.workflow.clone(),
        created_by: Arc::clone(&state.created_by),
        created_at: at,
        parent: Some(parent),
        segment: encode(std::slice::from_ref(&first)),
        reader: READER_VERSION,
        // How many steps it has, its own first append says: its definition is not at hand here.
        projection: RunProjection {
            status: RunStatus::Queued,
            awaits: Awaits::Nobody,
            total_steps: 0,
            completed_steps: 0,
            started_at: None,
            finished_at: None,
            error_code: None,
            error_step: None,
            error_message: None,
        },
        idempotency: None,
        hold: None,
        priority: started.flow.priority,
        flow: started
            .flow
            .gate
            .as_ref()
            .map(|gate| flow_entry(gate, started.child, &started.workflow, at)),
    }
}
