//! Folding one event into the state. Total: an event that does not fit leaves what it does not fit alone.

use std::sync::Arc;

use seawall_store::Timestamp;

use crate::core::event::{Event, Recorded, Resolution, RunCreated, RunError, StepStarted};
use crate::core::state::activity::{ActivityState, StepStatus, Wait};
use crate::core::state::run::{MapItems, Phase, ReplayError, RunState, Slot, StepState};
use crate::datum::{Datum, weight};
use crate::definition::{Definition, ItemErrors, Kind, OnError};
use crate::executor::StepError;
use crate::names::ActivityRef;

impl RunState {
    /// The state after the first event.
    ///
    /// # Errors
    /// When that is not `RunCreated`, or names another definition.
    pub fn created(definition: Arc<Definition>, first: &Recorded) -> Result<Self, ReplayError> {
        let Event::RunCreated(created) = &first.event else {
            return Err(ReplayError::NoCreation);
        };
        if created.definition != definition.digest {
            return Err(ReplayError::OtherDefinition);
        }
        let RunCreated {
            run,
            workflow,
            input,
            created_by,
            parent,
            depth,
            ..
        } = (**created).clone();
        let steps = vec![StepState::default(); definition.steps.len()];
        let mut counts = [0; StepStatus::COUNT];
        counts[StepStatus::Pending as usize] = u32::try_from(steps.len()).unwrap_or(u32::MAX);
        Ok(Self {
            run,
            workflow,
            input,
            created_by,
            parent,
            depth,
            created_at: first.at,
            started_at: None,
            finished_at: None,
            seq: first.seq,
            last_at: first.at,
            phase: Phase::Queued,
            paused: false,
            blocked: None,
            attempt: 1,
            // The run's time counts from its creation: waiting in the queue is waiting.
            deadline: definition.timeout.map(|timeout| first.at.saturating_add(timeout)),
            steps,
            signals: std::collections::VecDeque::new(),
            output: None,
            error: None,
            timers: std::collections::BTreeSet::new(),
            counts,
            settled_steps: 0,
            bytes: weight(created.input.json()),
            definition,
        })
    }

    /// Folds one event into the state.
    pub fn evolve(&mut self, recorded: &Recorded) {
        self.seq = recorded.seq;
        self.last_at = recorded.at;
        let at = recorded.at;
        match &recorded.event {
            Event::RunCreated(_) => {}
            Event::RunStarted => {
                self.phase = Phase::Active;
                self.started_at.get_or_insert(at);
            }
            Event::RunPaused { .. } => self.paused = true,
            Event::RunResumed { .. } => self.paused = false,
            Event::CancelRequested { .. } => {
                self.phase = Phase::Cancelling;
                self.paused = false;
                self.blocked = None;
            }
            Event::RunRetried { activities, .. } => self.retried(activities, at),
            Event::RunBlocked { reason } => self.blocked = Some(reason.clone()),
            Event::RunUnblocked { .. } => self.blocked = None,
            Event::RunTimedOut => self.fail(RunError {
                code: Arc::from("run-timeout"),
                message: "the run took longer than its timeout".to_owned(),
                step: None,
            }),
            Event::RunSucceeded { output } => {
                self.output = Some(output.clone());
                self.ended(Phase::Succeeded, at);
            }
            Event::RunFailed { error } => {
                self.error = Some(error.clone());
                self.ended(Phase::Failed, at);
            }
            Event::RunCancelled => self.ended(Phase::Cancelled, at),
            Event::SignalReceived { name, payload, .. } => self.signals.push_back((name.clone(), payload.clone())),
            _ => self.evolve_step(&recorded.event, at),
        }
    }

    fn evolve_step(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::StepStarted(started) => self.started(started, at),
            Event::StepSucceeded { activity, output } => self.succeeded(activity, output.clone(), at),
            Event::StepFailed {
                activity,
                error,
                in_doubt,
                retry_at,
                replaced_by,
            } => match retry_at {
                Some(retry_at) => self.retrying(activity, error, *in_doubt, *retry_at),
                None => self.failed(activity, error, replaced_by.clone(), at),
            },
            Event::StepSkipped { step } => {
                self.settle(&ActivityRef::step(step.clone()), StepStatus::Skipped, at, |_| ());
            }
            Event::StepCancelled { activity } => self.settle(activity, StepStatus::Cancelled, at, |_| ()),
            Event::StepDeferred {
                activity,
                until,
                reason,
                in_doubt,
            } => {
                let (reason, in_doubt) = (reason.clone(), *in_doubt);
                self.change(activity, StepStatus::Retrying, Some(*until), |state| {
                    state.deferred = Some(reason);
                    state.in_doubt |= in_doubt;
                });
            }
            Event::StepOutcomeUnknown {
                activity,
                error,
                safe_after,
            } => {
                let (error, deadline) = (error.clone(), *safe_after);
                self.change(activity, StepStatus::Unknown, None, |state| {
                    state.error = Some(error);
                    state.deadline = deadline;
                });
            }
            Event::StepOutcomeResolved {
                activity, resolution, ..
            } => self.resolved(activity, resolution, at),
            Event::MapStarted { step, items } => self.map_started(&ActivityRef::step(step.clone()), items),
            Event::TimerSet { activity, until } => self.wait(activity, Wait::Timer, Some(*until)),
            Event::SignalAwaited { activity, name, until } => {
                self.wait(activity, Wait::Signal { name: name.clone() }, *until);
            }
            Event::ApprovalRequested(asked) => {
                self.wait(&asked.activity, Wait::Approval { id: asked.approval }, asked.expires_at);
            }
            Event::ChildStarted(started) => {
                // The deadline of the wait stands in StepStarted.
                let until = self.activity(&started.activity).and_then(|state| state.deadline);
                let child = Wait::Child {
                    run: started.child,
                    workflow: started.workflow.clone(),
                };
                self.wait(&started.activity, child, until);
            }
            Event::ChildCancelRequested { activity, .. } => {
                if let Some((status, wake)) = self.activity(activity).map(|state| (state.status, state.wake)) {
                    self.change(activity, status, wake, |state| state.child_told = true);
                }
            }
            // The wait is over; the event that follows says how it ended.
            Event::TimerFired { activity } | Event::ApprovalDecided { activity, .. } => self.clear_timer(activity),
            Event::ChildFinished { activity, .. } => self.clear_timer(activity),
            _ => {}
        }
    }

    fn started(&mut self, started: &StepStarted, at: Timestamp) {
        let StepStarted {
            activity,
            attempt,
            request_digest,
            deadline,
        } = started.clone();
        let again = self
            .activity(&activity)
            .is_some_and(|state| state.status == StepStatus::Running);
        self.change(&activity, StepStatus::Running, None, |state| {
            state.attempts = attempt;
            state.request_digest = request_digest;
            state.deadline = deadline;
            state.keyed_since.get_or_insert(at);
            // Begun again without an end in between: the holder of the first one died.
            state.in_doubt |= again;
            state.started_at.get_or_insert(at);
            state.deferred = None;
        });
    }

    fn succeeded(&mut self, activity: &ActivityRef, output: Option<Datum>, at: Timestamp) {
        let output = output.or_else(|| self.assembled(activity)).unwrap_or_else(Datum::null);
        self.consume_signal(activity);
        let bytes = weight(output.json());
        self.settle(activity, StepStatus::Succeeded, at, |state| {
            state.output = Some(output);
            state.error = None;
        });
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn failed(&mut self, activity: &ActivityRef, error: &StepError, replaced_by: Option<Datum>, at: Timestamp) {
        let Some(slot) = self.slot(activity) else { return };
        let (status, output) = match replaced_by {
            Some(output) => (StepStatus::Succeeded, Some(output)),
            None => (StepStatus::Failed, None),
        };
        self.settle(activity, status, at, |state| {
            state.failures += 1;
            state.error = Some(error.clone());
            state.output = output;
        });
        let step = &self.definition.steps[slot.step];
        let fatal = slot.item.is_none() && status == StepStatus::Failed && matches!(step.on_error, OnError::Fail);
        if fatal && matches!(self.phase, Phase::Active) {
            let step = step.id.clone();
            self.fail(RunError {
                code: Arc::from(&*error.code),
                message: error.message.clone(),
                step: Some(step),
            });
        }
    }

    fn retrying(&mut self, activity: &ActivityRef, error: &StepError, in_doubt: bool, retry_at: Timestamp) {
        self.change(activity, StepStatus::Retrying, Some(retry_at), |state| {
            state.failures += 1;
            state.in_doubt |= in_doubt;
            state.error = Some(error.clone());
        });
    }

    /// Only a retry changes something here; the other resolutions are followed by the event that settles the activity.
    fn resolved(&mut self, activity: &ActivityRef, resolution: &Resolution, at: Timestamp) {
        if *resolution != Resolution::Retry {
            return;
        }
        let due = self
            .activity(activity)
            .and_then(|state| state.deadline)
            .unwrap_or(at)
            .max(at);
        self.change(activity, StepStatus::Retrying, Some(due), |state| {
            // The person says that the earlier effect does not count: a new effect, a new key.
            state.generation += 1;
            state.failures = 0;
            state.keyed_since = None;
            state.in_doubt = false;
        });
    }

    fn map_started(&mut self, activity: &ActivityRef, items: &[Datum]) {
        let Some(slot) = self.slot(activity) else { return };
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        // From here on the items count, not the map itself.
        self.counts[self.steps[slot.step].own.status as usize] -= 1;
        self.counts[StepStatus::Pending as usize] += count;
        let generation = self.steps[slot.step].own.generation;
        self.bytes = items
            .iter()
            .fold(self.bytes, |sum, item| sum.saturating_add(weight(item.json())));
        let fresh = ActivityState {
            generation,
            ..ActivityState::default()
        };
        self.steps[slot.step].items = Some(MapItems {
            values: items.to_vec().into(),
            states: vec![fresh; items.len()],
            next: 0,
            active: 0,
            settled: 0,
            failed: None,
        });
    }

    fn wait(&mut self, activity: &ActivityRef, wait: Wait, until: Option<Timestamp>) {
        self.change(activity, StepStatus::Waiting, until, |state| state.wait = Some(wait));
    }

    fn clear_timer(&mut self, activity: &ActivityRef) {
        if let Some(status) = self.activity(activity).map(|state| state.status) {
            self.change(activity, status, None, |_| ());
        }
    }

    fn retried(&mut self, activities: &[ActivityRef], at: Timestamp) {
        self.phase = Phase::Active;
        self.attempt += 1;
        self.error = None;
        self.finished_at = None;
        self.deadline = self.definition.timeout.map(|timeout| at.saturating_add(timeout));
        for activity in activities {
            self.reset(activity, true);
        }
        // What was stopped on the way down goes on with its old key: it may have had its effect.
        let stopped: Vec<ActivityRef> = self
            .activities()
            .filter(|(_, state)| state.status == StepStatus::Cancelled)
            .map(|(slot, _)| self.name(slot))
            .collect();
        for activity in stopped {
            self.reset(&activity, false);
        }
        self.reopen_maps();
    }

    fn reset(&mut self, activity: &ActivityRef, next_generation: bool) {
        let reset = |state: &mut ActivityState| {
            state.generation += u32::from(next_generation);
            state.failures = 0;
            state.wait = None;
            state.finished_at = None;
            state.error = None;
            if next_generation {
                state.keyed_since = None;
                state.in_doubt = false;
            }
        };
        self.change(activity, StepStatus::Pending, None, reset);
    }

    /// A map whose items were reset runs again over what is left of them.
    fn reopen_maps(&mut self) {
        for step in 0..self.steps.len() {
            let Some(items) = &mut self.steps[step].items else {
                continue;
            };
            let settled = items.states.iter().filter(|state| state.status.is_settled()).count();
            items.settled = u32::try_from(settled).unwrap_or(u32::MAX);
            items.failed = None;
            items.next = 0;
            items.active = 0;
            if settled < items.states.len() || self.steps[step].own.status == StepStatus::Pending {
                let was = self.steps[step].own.status;
                self.settled_steps -= u32::from(was.is_settled());
                self.steps[step].own.status = StepStatus::Running;
                self.steps[step].own.finished_at = None;
                self.steps[step].own.error = None;
            }
        }
    }

    /// The first signal of the name that the activity waits for has been taken.
    fn consume_signal(&mut self, activity: &ActivityRef) {
        let Some(ActivityState {
            wait: Some(Wait::Signal { name }),
            status: StepStatus::Waiting,
            ..
        }) = self.activity(activity)
        else {
            return;
        };
        if let Some(place) = self.signals.iter().position(|(signal, _)| signal == name) {
            self.signals.remove(place);
        }
    }

    /// A map's output: its items' outputs in order, or what became of each.
    fn assembled(&self, activity: &ActivityRef) -> Option<Datum> {
        let (step, state) = self.step(&activity.step)?;
        let (Kind::Map(map), Some(items)) = (&step.kind, &state.items) else {
            return None;
        };
        let output = |state: &ActivityState| {
            state
                .output
                .as_ref()
                .map_or(serde_json::Value::Null, |o| o.json().clone())
        };
        let list = items
            .states
            .iter()
            .map(|state| match (map.on_item_error, state.status) {
                (ItemErrors::Fail, _) => output(state),
                (ItemErrors::Collect, StepStatus::Succeeded) => {
                    serde_json::json!({"ok": true, "output": output(state)})
                }
                (ItemErrors::Collect, _) => {
                    let error = state
                        .error
                        .as_ref()
                        .map(|e| serde_json::json!({"code": e.code, "message": e.message}));
                    serde_json::json!({"ok": false, "error": error})
                }
            });
        Some(Datum::new(list.collect()))
    }

    fn fail(&mut self, error: RunError) {
        // The first failure is the run's; a cancel is not turned into one.
        if matches!(self.phase, Phase::Active | Phase::Queued) {
            self.phase = Phase::Failing(error);
        }
    }

    fn ended(&mut self, phase: Phase, at: Timestamp) {
        self.phase = phase;
        self.finished_at = Some(at);
        self.paused = false;
        self.blocked = None;
    }

    fn settle(
        &mut self,
        activity: &ActivityRef,
        status: StepStatus,
        at: Timestamp,
        with: impl FnOnce(&mut ActivityState),
    ) {
        self.change(activity, status, None, |state| {
            state.finished_at = Some(at);
            state.wait = None;
            state.child_told = false;
            state.deferred = None;
            with(state);
        });
    }

    /// Every change of an activity goes through here: the timers and counts follow.
    fn change(
        &mut self,
        activity: &ActivityRef,
        status: StepStatus,
        wake: Option<Timestamp>,
        with: impl FnOnce(&mut ActivityState),
    ) {
        let Some(slot) = self.slot(activity) else { return };
        let step = &mut self.steps[slot.step];
        let is_map = slot.item.is_none() && step.items.is_some();
        let state = match (slot.item, &mut step.items) {
            (None, _) => &mut step.own,
            (Some(item), Some(items)) => match items.states.get_mut(item as usize) {
                Some(state) => state,
                None => return,
            },
            (Some(_), None) => return,
        };
        let (old_status, old_wake) = (state.status, state.wake);
        state.status = status;
        state.wake = wake;
        with(state);
        if let Some(at) = old_wake {
            self.timers.remove(&(at, slot));
        }
        if let Some(at) = wake {
            self.timers.insert((at, slot));
        }
        if !is_map {
            self.counts[old_status as usize] -= 1;
            self.counts[status as usize] += 1;
        }
        match slot.item {
            None => {
                self.settled_steps += u32::from(status.is_settled());
                self.settled_steps -= u32::from(old_status.is_settled());
            }
            Some(item) => {
                if let Some(items) = &mut self.steps[slot.step].items {
                    items.follow(item, old_status, status);
                }
            }
        }
    }
}

impl MapItems {
    fn follow(&mut self, item: u32, old: StepStatus, new: StepStatus) {
        let active = |status: StepStatus| !status.is_settled() && status != StepStatus::Pending;
        self.active += u32::from(active(new));
        self.active -= u32::from(active(old));
        self.settled += u32::from(new.is_settled());
        self.settled -= u32::from(old.is_settled());
        if new == StepStatus::Failed && self.failed.is_none() {
            self.failed = Some(item);
        }
    }
}

impl Slot {
    pub(crate) const fn step(step: usize) -> Self {
        Self { step, item: None }
    }
}
