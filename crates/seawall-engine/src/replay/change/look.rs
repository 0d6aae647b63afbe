//! What somebody outside would see of the replayed run, beside what they saw of the recorded one.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{Digest, Timestamp};
use serde_json::json;

use crate::core::{ApprovalRequested, ChildStarted, Event, Recorded, TaskOffered, TaskPlan};
use crate::definition::{FlowControl, FlowError};
use crate::names::ActivityRef;
use crate::replay::change::difference::difference;
use crate::replay::change::explain::Asked;
use crate::replay::change::finding::FindingKind;
use crate::replay::change::world::World;

/// Errors of an input that are told.
const ERRORS: usize = 5;

impl World {
    pub(super) fn look_at_input(&mut self) {
        let definition = Arc::clone(&self.state().definition);
        let input = self.state().input.clone();
        let schema = definition.input.as_ref();
        let errors = schema.map_or_else(Vec::new, |schema| schema.validate(input.json()));
        for error in errors.into_iter().take(ERRORS) {
            let message = format!("the run's input would be refused: {}: {}", error.pointer, error.message);
            self.find(None, FindingKind::InputRefused, message);
        }
        if let Err(error) = self.flow(&definition.flow, definition.timeout) {
            let message = format!("the run's input would be refused: {}: {error}", error.pointer);
            self.find(None, FindingKind::InputRefused, message);
        }
    }

    /// What flow control comes to for this run. Whoever asked for it may have said its priority: then the definition's is not
    /// looked at, and the record has another one than its own definition gives.
    fn flow(&self, flow: &FlowControl, timeout: Option<Duration>) -> Result<(), FlowError> {
        let (state, own) = (self.state(), &self.tape.end.definition);
        let run = (state.run, state.created_at);
        let of_definition = own.flow.plan(run, &state.input, None, own.timeout);
        let given = match of_definition {
            Ok(plan) => plan.priority != state.priority,
            Err(error) => error.pointer == "/priority",
        };
        let priority = given.then_some(state.priority);
        flow.plan(run, &state.input, priority, timeout).map(|_| ())
    }

    pub(super) fn look_at(&mut self, decided: &Recorded) {
        match &decided.event {
            Event::TimerSet { activity, until } => self.look_at_sleep(activity, *until, until.since(decided.at)),
            Event::ApprovalRequested(asked) => self.look_at_question(asked),
            Event::ChildStarted(started) => self.look_at_child(started),
            _ => {}
        }
    }

    fn look_at_sleep(&mut self, activity: &ActivityRef, until: Timestamp, length: Duration) {
        let answers = self.tape.answers.get_mut(activity);
        let message = match answers.and_then(|of| of.sleeps.pop_front()) {
            // It may begin at another time, and last as long as it did.
            Some((end, lasted)) if end == until || lasted == length => return,
            Some((_, lasted)) => format!("step `{activity}` would sleep for {length:?}, not for {lasted:?}"),
            None => format!("step `{activity}` would sleep for {length:?}; in the record it does not"),
        };
        self.find(Some(activity), FindingKind::WaitsOtherwise, message);
    }

    fn look_at_question(&mut self, asked: &ApprovalRequested) {
        let activity = &asked.activity;
        let answers = self.tape.answers.get_mut(activity);
        let Some(recorded) = answers.and_then(|of| of.asked.pop_front()) else {
            return;
        };
        let text = |of: &ApprovalRequested| json!({ "message": of.message, "deciders": of.deciders });
        let difference = difference(&text(&recorded), &text(asked));
        if !difference.is_empty() {
            let message = format!("step `{activity}` would ask something else: {difference}");
            self.find(Some(activity), FindingKind::AsksOtherwise, message);
        }
    }

    /// The end of the recorded task is not that of one with another payload, or of another queue.
    pub(super) fn look_at_task(&mut self, plan: &TaskPlan, offered: &TaskOffered) {
        let activity = &offered.activity;
        let answers = self.tape.answers.get_mut(activity);
        let Some(was) = answers.and_then(|of| of.offers.pop_front()) else {
            return;
        };
        let recorded = was.attempt;
        let queue = json!({ "queue": was.task.queue.as_str() });
        let queue = difference(&queue, &json!({ "queue": offered.queue.as_str() }));
        let other_payload = was.payload != Some(Digest::of(&plan.payload));
        if other_payload || !queue.is_empty() {
            self.strangers.insert(activity.clone(), plan.attempt);
            let mut message = format!("step `{activity}` would offer another task");
            if !queue.is_empty() {
                message = format!("{message}: {queue}");
            }
            let finding = self.find(Some(activity), FindingKind::RequestChanged, message);
            if let Some(finding) = finding.filter(|_| other_payload) {
                self.asked.extend(Asked::task(finding, recorded, activity, plan));
            }
            return;
        }
        let place = |of: &TaskOffered| json!({ "key": of.key, "priority": of.priority });
        let difference = difference(&place(&was.task), &place(offered));
        if !difference.is_empty() {
            let message = format!("the task of step `{activity}` would wait in its queue otherwise: {difference}");
            self.find(Some(activity), FindingKind::WaitsOtherwise, message);
        }
    }

    fn look_at_child(&mut self, started: &ChildStarted) {
        let activity = &started.activity;
        let Some(input) = self.inputs.remove(activity) else {
            return;
        };
        let difference = difference(input.json(), started.input.json());
        if !difference.is_empty() {
            let attempt = self.state().activity(activity).map_or(0, |of| of.attempts);
            self.strangers.insert(activity.clone(), attempt);
            let message = format!("step `{activity}` would start its run with another input: {difference}");
            self.find(Some(activity), FindingKind::RequestChanged, message);
        }
    }
}
