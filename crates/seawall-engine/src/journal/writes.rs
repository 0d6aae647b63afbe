//! What must be written elsewhere in the same change as some events: approvals, children, messages to other runs.

use std::sync::Arc;

use seawall_store::{
    ApprovalOpened, ApprovalSettled, ApprovalStatus, Awaits, CrossMessage, MessageKey, NewRun, ParentLink, RunId,
    RunProjection, RunStatus, Seq, Timestamp,
};

use crate::core::{
    ActivityState, ChildStarted, Decided, Event, Message, Recorded, Resolution, RunCreated, RunState, StepStatus, Wait,
};
use crate::datum::Datum;
use crate::definition::{ItemErrors, Kind};
use crate::executor::StepError;
use crate::journal::codec::encode;
use crate::journal::message::encode_message;
use crate::names::{ActivityRef, StepId, approval_id, child_id};

/// The rest of an append. An approval that is opened and settled by the same events stands in both lists.
#[derive(Clone, Debug, Default)]
pub struct Writes {
    pub opened: Vec<ApprovalOpened>,
    pub settled: Vec<ApprovalSettled>,
    pub children: Vec<NewRun>,
    pub messages: Vec<CrossMessage>,
}

/// What follows from `events`; `state` is the run after them.
///
/// It may say too much, never too little: settling an approval that was not opened or is settled, and telling a child to
/// stop that does not exist or was told before, change nothing in the store.
#[must_use]
pub fn writes(state: &RunState, events: &[Recorded]) -> Writes {
    let mut writes = Writes::default();
    for (place, recorded) in events.iter().enumerate() {
        writes.add(state, recorded, &events[..place]);
    }
    writes
}

impl Writes {
    fn add(&mut self, state: &RunState, recorded: &Recorded, before: &[Recorded]) {
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
            Event::ChildStarted(started) => self.children.push(child(state, started, recorded.at)),
            Event::StepCancelled { activity } => {
                self.abandoned_approval(state, activity, recorded.at);
                self.abandoned_child(state, activity, before);
            }
            Event::StepFailed {
                activity,
                retry_at: None,
                ..
            } => {
                self.abandoned_child(state, activity, before);
                self.stopped_children(state, Some(activity));
            }
            Event::StepOutcomeResolved {
                activity,
                resolution: Resolution::Failed(_),
                ..
            } => self.stopped_children(state, Some(activity)),
            Event::CancelRequested { .. } | Event::RunTimedOut => self.stopped_children(state, None),
            Event::RunSucceeded { .. } | Event::RunFailed { .. } | Event::RunCancelled => {
                self.ended(state, recorded);
            }
            _ => {}
        }
    }

    /// An activity that waited for a decision has stopped waiting without one.
    fn abandoned_approval(&mut self, state: &RunState, activity: &ActivityRef, at: Timestamp) {
        if let Some(generation) = begun(state, activity, |kind| matches!(kind, Kind::Approval(_))) {
            self.settle_cancelled(approval_id(state.run, activity, generation), at);
        }
    }

    fn settle_cancelled(&mut self, id: seawall_store::ApprovalId, at: Timestamp) {
        if self.settled.iter().any(|settled| settled.id == id) {
            return;
        }
        self.settled.push(ApprovalSettled {
            id,
            status: ApprovalStatus::Cancelled,
            comment: None,
            decided_by: None,
            decided_at: at,
        });
    }

    /// An activity that waited for a child has stopped waiting before the child ended (its timeout, or a stop).
    fn abandoned_child(&mut self, state: &RunState, activity: &ActivityRef, before: &[Recorded]) {
        let finished = |recorded: &Recorded| matches!(&recorded.event, Event::ChildFinished { activity: ended, .. } if ended == activity);
        if before.iter().any(finished) {
            return;
        }
        if let Some(generation) = begun(state, activity, |kind| matches!(kind, Kind::Workflow(_))) {
            self.tell_to_stop(state.run, child_id(state.run, activity, generation));
        }
    }

    /// The run was told to stop, or failed, or a map did: children that are still waited for are told so.
    fn stopped_children(&mut self, state: &RunState, failed: Option<&ActivityRef>) {
        let map = failed.and_then(|activity| stopped_map(state, activity));
        if !(state.is_stopping() || state.is_terminal()) && map.is_none() {
            return;
        }
        let whole = state.is_stopping() || state.is_terminal();
        for (slot, activity) in state.activities() {
            let concerned = whole || map.is_some_and(|step| state.definition.steps[slot.step].id == *step);
            if let (true, Some(child)) = (concerned, waited_child(activity)) {
                self.tell_to_stop(state.run, child);
            }
        }
    }

    fn tell_to_stop(&mut self, parent: RunId, child: RunId) {
        if self.messages.iter().any(|message| message.to == child) {
            return;
        }
        self.messages.push(CrossMessage {
            to: child,
            key: MessageKey("parent-cancel".to_owned()),
            body: encode_message(&Message::Cancel {
                by: Arc::from(parent.to_string()),
            }),
        });
    }

    fn ended(&mut self, state: &RunState, recorded: &Recorded) {
        self.stopped_children(state, None);
        for (_, activity) in state.activities() {
            if let (StepStatus::Waiting, Some(Wait::Approval { id })) = (activity.status, &activity.wait) {
                self.settle_cancelled(*id, recorded.at);
            }
        }
        let Some(parent) = &state.parent else { return };
        // A parent link with a step that is no step id was written by nobody; there is nobody to tell.
        let Some(step) = StepId::parse(&parent.step) else {
            return;
        };
        let (status, output, error) = ending(&recorded.event);
        self.messages.push(CrossMessage {
            to: parent.run,
            key: MessageKey(format!("child:{}", state.run)),
            body: encode_message(&Message::ChildEnded {
                child: state.run,
                activity: ActivityRef {
                    step,
                    item: parent.item,
                },
                generation: parent.generation,
                status,
                output,
                error,
            }),
        });
    }
}

/// The generation of an activity of that kind whose attempt or wait had begun.
fn begun(state: &RunState, activity: &ActivityRef, is: impl Fn(&Kind) -> bool) -> Option<u32> {
    let slot = state.slot(activity)?;
    let own = state.at(slot)?;
    (own.keyed_since.is_some() && is(&state.doing(slot).kind)).then_some(own.generation)
}

fn waited_child(activity: &ActivityState) -> Option<RunId> {
    match (activity.status, &activity.wait) {
        (StepStatus::Waiting, Some(Wait::Child { run, .. })) => Some(*run),
        _ => None,
    }
}

/// The map that fails with this item.
fn stopped_map<'a>(state: &'a RunState, activity: &ActivityRef) -> Option<&'a StepId> {
    activity.item?;
    let (_, step) = state.definition.step(&activity.step)?;
    match &step.kind {
        Kind::Map(map) if map.on_item_error == ItemErrors::Fail => Some(&step.id),
        _ => None,
    }
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

/// The child's row and its first event.
fn child(state: &RunState, started: &ChildStarted, at: Timestamp) -> NewRun {
    let activity = &started.activity;
    let parent = ParentLink {
        run: state.run,
        step: activity.step.as_str().to_owned(),
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
        // How many steps it has, its own first append says: its definition is not at hand here.
        projection: RunProjection {
            status: RunStatus::Queued,
            awaits: Awaits::Nobody,
            total_steps: 0,
            completed_steps: 0,
            started_at: None,
            finished_at: None,
            error_code: None,
        },
        idempotency: None,
        hold: None,
    }
}
