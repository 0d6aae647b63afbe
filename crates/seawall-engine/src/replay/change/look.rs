//! What somebody outside would see of the replayed run, beside what they saw of the recorded one.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::Timestamp;
use serde_json::json;

use crate::core::{ApprovalRequested, ChildStarted, Event, Recorded};
use crate::names::ActivityRef;
use crate::replay::change::difference::difference;
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
