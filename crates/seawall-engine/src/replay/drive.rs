//! Drives `decide` through a record.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use seawall_store::Seq;
use serde_json::Value;

use crate::core::{Action, Command, Decision, Env, Recorded, ReplayError, RunState};
use crate::definition::Definition;
use crate::executor::Outcome;
use crate::journal::stored_form;
use crate::names::ActivityRef;
use crate::replay::around::{Around, MOST};
use crate::replay::same::matched;
use crate::replay::script::{Candidate, candidates};
use crate::replay::stage::{Stage, origin};
use crate::replay::{Divergence, Verdict};
use crate::runtime::{TRANSFORM, bounded};

/// The transforms in flight, with what they give: the rendered request is the output.
#[derive(Default)]
pub(super) struct Computed(HashMap<ActivityRef, (u32, Value)>);

impl Computed {
    pub(super) fn outcome(&self, activity: &ActivityRef, attempt: u32) -> Option<Outcome> {
        let (of, value) = self.0.get(activity)?;
        (*of == attempt).then(|| bounded(Outcome::Succeeded(value.clone())))
    }

    fn keep(&mut self, actions: &[Action]) {
        for action in actions {
            if let Action::Start(plan) = action
                && &*plan.kind == TRANSFORM
            {
                let value = plan.request.value.clone();
                self.0.insert(plan.activity.clone(), (plan.attempt, value));
            }
        }
    }
}

/// A decision that is in the record.
pub(crate) struct Step {
    /// What led to it.
    pub(crate) command: Command,
    pub(crate) lease: Duration,
    pub(super) around: Around,
    /// Its events, as places in the record.
    pub(crate) events: Range<usize>,
    pub(crate) actions: Vec<Action>,
}

/// A replay under way.
pub(crate) struct Replay<'a> {
    record: &'a [Recorded],
    place: usize,
    stage: Stage,
    computed: Computed,
}

/// A decision that is not the record, and how far it was.
struct Miss {
    matched: usize,
    decided: Vec<Recorded>,
}

impl<'a> Replay<'a> {
    /// # Errors
    /// When the first event is not the run's creation, or names another definition.
    pub(crate) fn new(definition: Arc<Definition>, record: &'a [Recorded]) -> Result<Self, ReplayError> {
        let first = record.first().ok_or(ReplayError::Empty)?;
        let mut stage = Stage::new(definition, first)?;
        let origin = origin(record);
        stage.give(origin);
        Ok(Self {
            record,
            place: 1 + origin.len(),
            stage,
            computed: Computed::default(),
        })
    }

    /// The state of what has been replayed so far.
    pub(crate) const fn state(&self) -> &RunState {
        self.stage.state()
    }

    /// All that is left of it.
    pub(crate) fn finish(mut self) -> Verdict {
        while let Some(step) = self.next() {
            if let Err(divergence) = step {
                return Verdict::Diverges(divergence);
            }
        }
        Verdict::Identical
    }

    /// The next decision of the record, or where it is another one. None: the record is at its end.
    pub(crate) fn next(&mut self) -> Option<Result<Step, Box<Divergence>>> {
        let rest = self.record.get(self.place..).filter(|rest| !rest.is_empty())?;
        let mut best: Option<Miss> = None;
        let mut guesses = vec![Around::at(rest[0].at)];
        let mut next = 0;
        while let Some(around) = guesses.get(next).cloned() {
            next += 1;
            for candidate in candidates(self.stage.state(), rest, &around, &self.computed) {
                let miss = match self.attempt(candidate, &around) {
                    Ok(step) => return Some(Ok(step)),
                    Err(miss) => miss,
                };
                let decided = miss.decided.get(miss.matched);
                for other in around.others(self.stage.state(), decided, (rest, miss.matched)) {
                    if guesses.len() < MOST && !guesses.contains(&other) {
                        guesses.push(other);
                    }
                }
                if best.as_ref().is_none_or(|best| best.matched < miss.matched) {
                    best = Some(miss);
                }
            }
        }
        Some(Err(self.divergence(best.as_ref())))
    }

    fn attempt(&mut self, candidate: Candidate, around: &Around) -> Result<Step, Miss> {
        let rest = &self.record[self.place..];
        let env = Env {
            now: around.now,
            random: 0,
            lease: candidate.lease,
            full: &around.full,
        };
        let decision = self.stage.decide(candidate.command.clone(), &env);
        let found = matched(self.stage.state(), &decision.events, rest, around.now);
        if decision.events.is_empty() || found.events < decision.events.len() {
            self.stage.reject(&decision);
            return Err(Miss {
                matched: found.events,
                decided: decision.events,
            });
        }
        let events = self.place..self.place + found.events;
        self.stage.accept(&self.record[events.clone()], found.exact);
        self.place = events.end;
        let Decision { actions, .. } = decision;
        self.computed.keep(&actions);
        Ok(Step {
            command: candidate.command,
            lease: candidate.lease,
            around: around.clone(),
            events,
            actions,
        })
    }

    fn divergence(&self, best: Option<&Miss>) -> Box<Divergence> {
        let matched = best.map_or(0, |miss| miss.matched);
        let decided = best.and_then(|miss| miss.decided.get(matched));
        let place = self.place + matched;
        Box::new(Divergence {
            seq: Seq(place as u64 + 1),
            recorded: self.record.get(place).map(stored_form),
            decided: decided.map(stored_form),
        })
    }
}
