//! Workers outside: they take tasks, act, and say so, lie about it, or vanish.

use std::time::Duration;

use seawall_store::{Digest, QueueName, TaskId, Timestamp};
use serde_json::json;

use super::op::WorkerEnd;
use super::simulation::{World, answer, chosen};
use crate::core::command::{Message, TaskEnd, TaskEnded, TaskPlan};
use crate::core::commands::tests::kit::error;
use crate::core::state::Wait;
use crate::datum::Datum;
use crate::effect::EffectClass;
use crate::executor::StepError;
use crate::names::{ActivityRef, EffectKey, Part};

/// What every task of these definitions has.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Milliseconds by which the clock was set ahead while a worker was at it that vanished.
const AHEAD: i64 = 3_600_000;

impl World {
    /// What is waited for, and whether it was taken back.
    pub(super) fn tasks(&self) -> Vec<(ActivityRef, (TaskId, bool))> {
        self.waits(|wait| match wait {
            Wait::Task { id, told, .. } => Some((*id, *told)),
            _ => None,
        })
    }

    pub(super) fn fill(&mut self, full: bool) {
        self.run.full.clear();
        self.run.full.extend(QueueName::parse("q").filter(|_| full));
    }

    pub(super) fn offer(&mut self, plan: &TaskPlan) {
        self.durable = self.run.journal.len();
        assert!(self.run.full.is_empty(), "offered to a full queue: {plan:?}");
        let tasks = self.tasks();
        let waiter = tasks.iter().find(|(_, (id, _))| *id == plan.task);
        let (activity, _) = waiter.expect("somebody waits for it");
        let state = self.run.state.activity(activity).expect("it began");
        let derived = EffectKey::derive(self.run.state.run, activity, state.generation);
        assert_eq!((plan.effect_key, plan.attempt), (derived, state.attempts));
        assert_eq!(plan.timeout, TIMEOUT);
        let effect = self.effect_of(activity);
        let key = self.keys.entry(plan.effect_key.digest().to_hex()).or_default();
        match effect {
            EffectClass::Once => {
                let known = (key.acted, key.doubted, key.closed);
                assert_eq!(known, (0, None, false), "offered a second time: {plan:?}");
                let alive = self.alive.get(activity);
                let over = alive.is_none_or(|until| *until <= self.run.state.last_at);
                assert!(over, "an earlier worker may be at it until {alive:?}: {plan:?}");
            }
            EffectClass::Idempotent => {
                let request = Digest::of(&plan.payload);
                let same = key.doubted.is_none_or(|sent| sent == request);
                assert!(same, "another payload under the key of one in doubt: {plan:?}");
                let doubt = self.doubts.get(activity);
                let keeps = doubt.is_none_or(|key| *key == plan.effect_key);
                assert!(keeps, "another key while the one before may be in effect: {plan:?}");
            }
            EffectClass::Pure | EffectClass::Read => {}
        }
        let before = self.offers.insert(plan.task, plan.clone());
        assert_eq!(before, None, "the same task twice");
    }

    fn effect_of(&self, activity: &ActivityRef) -> EffectClass {
        let slot = self.run.state.slot(activity).expect("it exists");
        self.run.state.doing(slot).effect
    }

    pub(super) fn task(&mut self, pick: u8, end: WorkerEnd) {
        let tasks = self.tasks();
        let Some((activity, (id, told))) = chosen(&tasks, pick) else {
            return;
        };
        let unclaimed = matches!(end, WorkerEnd::None | WorkerEnd::Lost);
        if unclaimed && !told {
            return;
        }
        let plan = self.offers.remove(id).expect("it was offered");
        let said = self.said(activity, &plan, end);
        let claimed_at = match end {
            // The clock was set ahead meanwhile, and the deadline with it.
            WorkerEnd::Vanished { .. } => Timestamp::from_millis(self.time.as_millis() - AHEAD),
            _ => self.time,
        };
        let claim = (!unclaimed).then(|| ("worker".into(), claimed_at));
        let message = Message::TaskEnded(Box::new(TaskEnded {
            task: *id,
            activity: activity.clone(),
            claim,
            end: said,
        }));
        assert!(!self.message(message.clone()).is_empty(), "the end of a task was lost");
        // Lost, it would come again: the message stays in the inbox until its events are durable.
        self.durable = self.run.journal.len();
        assert!(
            self.message(message.clone()).is_empty(),
            "a task ended twice: {message:?}"
        );
        // A liar's other word for it.
        if let Message::TaskEnded(mut ended) = message {
            ended.end = TaskEnd::Completed(Datum::null());
            assert!(self.message(Message::TaskEnded(ended)).is_empty());
        }
    }

    /// What becomes of the effect, and what the run is told.
    fn said(&mut self, activity: &ActivityRef, plan: &TaskPlan, end: WorkerEnd) -> TaskEnd {
        let effect = self.effect_of(activity);
        let slot = self.run.state.slot(activity).expect("it exists");
        let on = self.run.state.doing(slot).retry.on.clone();
        let key = self.keys.entry(plan.effect_key.digest().to_hex()).or_default();
        match end {
            WorkerEnd::Completed => {
                key.acted += 1;
                TaskEnd::Completed(Datum::new(match activity.part {
                    Part::Reconcile => answer(plan.attempt),
                    _ => json!({ "at": plan.attempt }),
                }))
            }
            WorkerEnd::Failed => {
                key.closed |= effect == EffectClass::Once && on.is_none();
                TaskEnd::Failed(error("bad"))
            }
            WorkerEnd::Permanent => {
                let named = on.iter().flatten().any(|code| code == "bad");
                key.closed |= effect == EffectClass::Once && !named;
                TaskEnd::Failed(StepError::permanent("bad", ""))
            }
            WorkerEnd::Vanished { acted, timed_out } => {
                key.acted += u32::from(acted);
                key.doubted = Some(Digest::of(&plan.payload));
                match effect {
                    EffectClass::Idempotent => self.doubt(activity.clone(), plan.effect_key),
                    EffectClass::Once => {
                        self.alive.insert(activity.clone(), self.time.saturating_add(TIMEOUT));
                    }
                    EffectClass::Pure | EffectClass::Read => {}
                }
                TaskEnd::Lapsed {
                    timed_out,
                    deadline: Some(self.time.saturating_add(TIMEOUT)),
                }
            }
            WorkerEnd::None => TaskEnd::Withdrawn,
            WorkerEnd::Lost => {
                key.doubted = Some(Digest::of(&plan.payload));
                if effect == EffectClass::Idempotent {
                    self.doubt(activity.clone(), plan.effect_key);
                }
                TaskEnd::Lapsed {
                    timed_out: false,
                    deadline: None,
                }
            }
        }
    }
}
