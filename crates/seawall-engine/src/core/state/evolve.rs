//! Folding one event into the state. Total: an event that does not fit leaves what it does not fit alone.

use std::sync::Arc;

use seawall_store::Timestamp;

use crate::core::event::{BlockReason, Event, Recorded, Resolution, RunCreated, RunError, StepStarted};
use crate::core::state::activity::{ActivityState, StepStatus, Wait};
use crate::core::state::run::{Phase, ReplayError, RetryDue, RunState, Slot, StepState};
use crate::datum::{Datum, weight};
use crate::definition::Definition;
use crate::executor::StepError;
use crate::names::{ActivityRef, Part};

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
            scheduled,
            gated,
            priority,
            trace,
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
            scheduled,
            created_at: first.at,
            started_at: None,
            finished_at: None,
            seq: first.seq,
            last_at: first.at,
            phase: Phase::Queued,
            limited: gated,
            gated,
            priority,
            trace,
            superseded: None,
            paused: false,
            blocked: None,
            attempt: 1,
            attempt_since: first.at,
            asked: 0,
            retry_due: None,
            // The run's time counts from its creation: waiting in the queue is waiting.
            deadline: definition.timeout.map(|timeout| first.at.saturating_add(timeout)),
            steps,
            signals: std::collections::VecDeque::new(),
            output: None,
            error: None,
            forked_from: None,
            undo: None,
            timers: std::collections::BTreeSet::new(),
            counts,
            settled_steps: 0,
            asking: 0,
            looking: 0,
            offered: 0,
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
            Event::RunAdmitted { .. } => {
                self.gated = false;
                if let Some(due) = &mut self.retry_due {
                    due.gated = false;
                }
            }
            Event::RunSuperseded { by, reason } => self.superseded = Some((*by, *reason)),
            Event::RunRejected => self.fail(RunError {
                code: Arc::from("flow-rejected"),
                message: "as many runs as the workflow allows go on already, and it lets none wait".to_owned(),
                step: None,
            }),
            Event::RunStarted => {
                self.phase = Phase::Active;
                self.started_at.get_or_insert(at);
            }
            Event::RunPaused { .. } => self.paused = true,
            Event::RunResumed { .. } => self.paused = false,
            Event::CancelRequested { .. } => self.cancelling(),
            Event::RunRetryRequested { by, round, gated } => {
                self.asked = *round;
                let (by, gated) = (Arc::clone(by), *gated);
                self.retry_due = (self.phase != Phase::Succeeded).then_some(RetryDue { by, at, gated });
            }
            Event::RunRetryWithdrawn { .. } => self.retry_due = None,
            Event::RunForked { from, from_step } => self.forked_from = Some((*from, from_step.clone())),
            Event::RunRetried { activities, anew, .. } => self.retried(activities, anew, at),
            Event::CompensationStarted { activities } => self.compensating(activities),
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
            Event::SignalReceived { name, payload, .. } => {
                self.bytes = self.bytes.saturating_add(weight(payload.json()));
                self.signals.push_back((name.clone(), payload.clone()));
            }
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
                None => self.failed(activity, (error, *in_doubt), replaced_by.clone(), at),
            },
            Event::StepSkipped { step } => {
                self.settle(&ActivityRef::step(step.clone()), StepStatus::Skipped, at, |_| ());
            }
            Event::StepCopied(copied) => self.copied(copied, at),
            Event::StepCancelled { activity } => {
                // Nobody saw the end of an attempt that was running: if it is ever made again, then under its key.
                let was_running = self.activity(activity).is_some_and(|s| s.status == StepStatus::Running);
                self.settle(activity, StepStatus::Cancelled, at, |state| {
                    state.in_doubt |= was_running;
                });
            }
            Event::StepDeferred {
                activity,
                until,
                reason,
                in_doubt,
            } => {
                let (reason, in_doubt) = (reason.clone(), *in_doubt);
                // Put off before it began, since an old process may be at it: that stays so.
                let begun = self.activity(activity).is_some_and(|s| s.status != StepStatus::Pending);
                self.change(activity, StepStatus::Retrying, Some(*until), |state| {
                    state.defer(reason, in_doubt, begun);
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
                    state.wait = None;
                });
                self.reconciling(activity, deadline);
            }
            Event::StepOutcomeResolved {
                activity, resolution, ..
            } => self.resolved(activity, resolution),
            Event::MapStarted { step, items } => self.map_started(&ActivityRef::step(step.clone()), items),
            Event::TimerSet { activity, until } => self.wait(activity, Wait::Timer, Some(*until)),
            Event::SignalAwaited { activity, name, until } => {
                self.wait(activity, Wait::Signal { name: name.clone() }, *until);
            }
            Event::ApprovalRequested(asked) => {
                self.wait(&asked.activity, Wait::Approval { id: asked.approval }, asked.expires_at);
            }
            // The wait is over; the event that follows says how it ended.
            Event::TimerFired { activity }
            | Event::ApprovalDecided { activity, .. }
            | Event::ChildFinished { activity, .. } => self.clear_timer(activity),
            _ => self.evolve_child(event),
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
        let about = self.looked_into(&activity);
        self.change(&activity, StepStatus::Running, None, |state| {
            state.attempts = attempt;
            state.about = about;
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
        if activity.part != Part::Main {
            return self.settle(activity, StepStatus::Succeeded, at, |state| state.error = None);
        }
        let output = output.or_else(|| self.assembled(activity)).unwrap_or_else(Datum::null);
        self.consume_signal(activity);
        let bytes = weight(output.json());
        self.settle(activity, StepStatus::Succeeded, at, |state| {
            state.output = Some(output);
            state.error = None;
        });
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn failed(
        &mut self,
        activity: &ActivityRef,
        (error, in_doubt): (&StepError, bool),
        replaced_by: Option<Datum>,
        at: Timestamp,
    ) {
        let Some(slot) = self.slot(activity) else { return };
        let (status, output) = match replaced_by {
            Some(output) => (StepStatus::Succeeded, Some(output)),
            None => (StepStatus::Failed, None),
        };
        self.bytes = self
            .bytes
            .saturating_add(output.as_ref().map_or(0, |o| weight(o.json())));
        self.settle(activity, status, at, |state| {
            state.failures += 1;
            state.in_doubt |= in_doubt;
            state.error = Some(error.clone());
            state.output = output;
        });
        let fatal = slot == Slot::step(slot.step) && !self.is_met(slot.step);
        if fatal && matches!(self.phase, Phase::Active) {
            let step = self.definition.steps[slot.step].id.clone();
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
            state.deadline = None;
            state.wait = None;
            state.ask_anew(activity.part);
        });
    }

    /// Success and failure are followed by the event that settles the activity.
    fn resolved(&mut self, activity: &ActivityRef, resolution: &Resolution) {
        let Some(own) = self.activity(activity) else { return };
        let (status, wake, deadline, failures) = (own.status, own.wake, own.deadline, own.failures);
        match resolution {
            Resolution::Succeeded(_) => {}
            Resolution::Failed(_) => self.change(activity, status, wake, |state| state.in_doubt = false),
            Resolution::Retry => {
                // Not the time of this event: the clock may have been set back behind it.
                let due = deadline.unwrap_or(Timestamp::ZERO);
                // A person's word is a new beginning. What the step finds out by itself is one more failure.
                let failures = self.found_out(activity).then(|| failures.saturating_add(1));
                self.change(activity, StepStatus::Retrying, Some(due), |state| {
                    state.renew();
                    state.failures = failures.unwrap_or(0);
                });
            }
        }
    }

    pub(super) fn wait(&mut self, activity: &ActivityRef, wait: Wait, until: Option<Timestamp>) {
        self.change(activity, StepStatus::Waiting, until, |state| state.wait = Some(wait));
    }

    fn clear_timer(&mut self, activity: &ActivityRef) {
        if let Some(status) = self.activity(activity).map(|state| state.status) {
            self.change(activity, status, None, |_| ());
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
        let place = self.signals.iter().position(|(signal, _)| signal == name);
        if let Some((_, payload)) = place.and_then(|place| self.signals.remove(place)) {
            self.bytes = self.bytes.saturating_sub(weight(payload.json()));
        }
    }

    fn fail(&mut self, error: RunError) {
        // The first failure is the run's; a cancel is not turned into one.
        if matches!(self.phase, Phase::Active | Phase::Queued) {
            self.phase = Phase::Failing(error);
            self.paused = false;
            // What kills its holders is not undone either before somebody says so.
            let deadly = matches!(self.blocked, Some(BlockReason::HoldersDied(_)));
            if !(deadly && self.definition.has_parts()) {
                self.blocked = None;
            }
        }
    }

    fn cancelling(&mut self) {
        // One that stops already goes on stopping; only, nothing comes after that.
        if self.retry_due.take().is_none() || !self.is_stopping() {
            self.phase = Phase::Cancelling;
            self.paused = false;
            self.blocked = None;
        }
    }

    fn ended(&mut self, phase: Phase, at: Timestamp) {
        if phase == Phase::Succeeded {
            self.retry_due = None;
        }
        self.phase = phase;
        self.finished_at = Some(at);
        self.paused = false;
        self.blocked = None;
    }
}
