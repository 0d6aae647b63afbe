//! What the tape says to an activity that waits for it, as far as the record has been played.

use serde_json::json;

use crate::core::{Command, FoundChild, Message, StepStatus, Wait};
use crate::executor::Outcome;
use crate::names::ActivityRef;
use crate::replay::change::difference::difference;
use crate::replay::change::finding::FindingKind;
use crate::replay::change::tape::{Answer, Answers, Lookup, Queue};
use crate::replay::change::world::World;
use crate::replay::settled::unrecorded;
use crate::runtime::bounded;

impl World {
    /// None: it waits for nothing, or there is no answer yet.
    pub(super) fn answer(&mut self, activity: &ActivityRef) -> Option<Command> {
        let of = self.state().activity(activity)?;
        let (status, wait, attempts) = (of.status, of.wait.clone(), of.attempts);
        match (status, wait) {
            (StepStatus::Running, _) if self.wanted.contains_key(activity) => self.found(activity),
            (StepStatus::Running, _) => self.outcome(activity),
            (StepStatus::Waiting, Some(Wait::Approval { id })) => {
                let mut message = self.take(activity, |of| &mut of.decisions)?;
                if let Message::Decide { approval, .. } = &mut message {
                    *approval = id;
                }
                Some(Command::Message(message))
            }
            (StepStatus::Waiting, Some(Wait::Child { run, .. })) => {
                if self.strangers.get(activity) == Some(&attempts) {
                    return None;
                }
                let mut message = self.take(activity, |of| &mut of.children)?;
                if let Message::ChildEnded { child, .. } = &mut message {
                    *child = run;
                }
                Some(Command::Message(message))
            }
            (StepStatus::Waiting, Some(Wait::Task { id, .. })) => {
                if self.strangers.get(activity) == Some(&attempts) {
                    return None;
                }
                let mut message = self.take(activity, |of| &mut of.tasks)?;
                if let Message::TaskEnded(ended) = &mut message {
                    ended.task = id;
                }
                Some(Command::Message(message))
            }
            (StepStatus::Retrying, _) if !self.is_given_up(activity) => None,
            (StepStatus::Unknown | StepStatus::Retrying, _) => {
                self.take(activity, |of| &mut of.resolutions).map(Command::Message)
            }
            _ => None,
        }
    }

    /// Somebody gives it up at this place of the record, as it kills its processes.
    fn is_given_up(&mut self, activity: &ActivityRef) -> bool {
        let Some(Message::Resolve { resolution, .. }) = self.front(activity, |of| &mut of.resolutions) else {
            return false;
        };
        let resolution = resolution.clone();
        let slot = self.state().slot(activity);
        slot.is_some_and(|slot| self.state().can_resolve(slot, &resolution))
    }

    fn outcome(&mut self, activity: &ActivityRef) -> Option<Command> {
        let flying = self.flying.get(activity)?;
        let attempt = flying.attempt;
        let outcome = if flying.withdrawn {
            Outcome::NotBegun(unrecorded())
        } else if let Some(value) = &flying.value {
            let computed = bounded(Outcome::Succeeded(value.clone()));
            self.computed(activity, computed)?
        } else {
            let request = flying.request;
            let answer = self.front(activity, |of| &mut of.attempts)?;
            if answer.outcome.is_none() || answer.request.is_some_and(|recorded| recorded != request) {
                return None;
            }
            self.take_outcome(activity)?
        };
        self.flying.remove(activity);
        Some(Command::Settle {
            activity: activity.clone(),
            attempt,
            outcome,
        })
    }

    /// The process died that made the attempts in flight: no answer to them will come.
    pub(super) fn lose_attempts(&mut self) {
        let flying: Vec<ActivityRef> = self.flying.keys().cloned().collect();
        for activity in flying {
            if let Some(Answer { outcome: None, .. }) = self.front(&activity, |of| &mut of.attempts) {
                self.take(&activity, |of| &mut of.attempts);
            }
        }
        let wanted: Vec<ActivityRef> = self.wanted.keys().cloned().collect();
        for activity in wanted {
            if let Some(Lookup { found: None, .. }) = self.front(&activity, |of| &mut of.lookups) {
                self.take(&activity, |of| &mut of.lookups);
            }
        }
    }

    fn take_outcome(&mut self, activity: &ActivityRef) -> Option<Outcome> {
        let answer = self.take(activity, |of| &mut of.attempts)?;
        self.answered.insert(activity.clone(), answer.attempt);
        answer.outcome
    }

    /// What a transform gives, when the record has it done. One that is not in the record is done at once.
    fn computed(&mut self, activity: &ActivityRef, computed: Outcome) -> Option<Outcome> {
        let is_recorded = |of: &Answers| !of.attempts.is_empty();
        if !self.tape.answers.get(activity).is_some_and(is_recorded) {
            let was_left = self.tape.leaves_open(activity);
            return (!was_left).then_some(computed);
        }
        self.front(activity, |of| &mut of.attempts)?.outcome.as_ref()?;
        Some(match self.take_outcome(activity)? {
            Outcome::Succeeded(_) | Outcome::Failed(_) => computed,
            // The process that was to do it was stopped, or died.
            outcome @ (Outcome::NotBegun(_) | Outcome::Unknown(_) | Outcome::Deferred { .. }) => outcome,
        })
    }

    fn found(&mut self, activity: &ActivityRef) -> Option<Command> {
        let wanted = self.wanted.get(activity)?;
        let attempt = wanted.attempt;
        let found = if wanted.withdrawn {
            Err(unrecorded())
        } else if wanted.refused {
            return None;
        } else {
            let now = json!({ "workflow": wanted.workflow, "version": wanted.version });
            let recorded = self.front(activity, |of| &mut of.lookups)?;
            let was = json!({ "workflow": recorded.workflow, "version": recorded.version });
            if was != now {
                return self.refuse_child(activity, &difference(&was, &now));
            }
            recorded.found.as_ref()?;
            self.take(activity, |of| &mut of.lookups)?.found?
        };
        self.wanted.remove(activity);
        let found = found.map(|started| {
            self.inputs.insert(activity.clone(), started.input.clone());
            FoundChild {
                workflow: started.workflow.clone(),
                digest: started.definition,
                definition: None,
            }
        });
        Some(Command::StartChild {
            activity: activity.clone(),
            attempt,
            found,
        })
    }

    fn refuse_child(&mut self, activity: &ActivityRef, difference: &str) -> Option<Command> {
        self.wanted.get_mut(activity)?.refused = true;
        let message = format!("step `{activity}` would start another workflow: {difference}");
        self.find(Some(activity), FindingKind::RequestChanged, message);
        None
    }

    /// The next answer of a kind, if the record has got that far.
    fn front<T>(&mut self, activity: &ActivityRef, of: impl Fn(&mut Answers) -> &mut Queue<T>) -> Option<&T> {
        let place = self.place;
        let queue = of(self.tape.answers.get_mut(activity)?);
        queue.front().filter(|next| next.seq <= place).map(|next| &next.what)
    }

    fn take<T>(&mut self, activity: &ActivityRef, of: impl Fn(&mut Answers) -> &mut Queue<T>) -> Option<T> {
        self.front(activity, &of)?;
        let queue = of(self.tape.answers.get_mut(activity)?);
        queue.pop_front().map(|next| next.what)
    }
}
