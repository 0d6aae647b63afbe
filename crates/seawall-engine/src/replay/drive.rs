//! Drives `decide` through a record.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use seawall_store::Seq;
use serde_json::Value;

use crate::core::{Action, Env, Recorded, ReplayError, RunState, decide};
use crate::definition::Definition;
use crate::executor::Outcome;
use crate::names::ActivityRef;
use crate::replay::same::matched;
use crate::replay::script::{Candidate, candidates};
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
    /// Its events, as places in the record.
    pub(crate) events: Range<usize>,
    pub(crate) actions: Vec<Action>,
}

/// A replay under way.
///
/// Two states are kept, of the same events: `decide` works on one, the other follows the record. When a decision is not
/// the record, the first one is copied from the second; else nothing is ever copied.
pub(crate) struct Replay<'a> {
    record: &'a [Recorded],
    place: usize,
    front: RunState,
    back: RunState,
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
        let state = RunState::created(definition, first)?;
        Ok(Self {
            record,
            place: 1,
            front: state.clone(),
            back: state,
            computed: Computed::default(),
        })
    }

    /// The state of what has been replayed so far.
    pub(crate) const fn state(&self) -> &RunState {
        &self.back
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
        if self.place >= self.record.len() {
            return None;
        }
        let rest = &self.record[self.place..];
        let mut best: Option<Miss> = None;
        for candidate in candidates(&self.back, rest, &self.computed) {
            match self.decide(candidate) {
                Ok(step) => return Some(Ok(step)),
                Err(miss) if best.as_ref().is_none_or(|best| best.matched < miss.matched) => best = Some(miss),
                Err(_) => {}
            }
        }
        Some(Err(self.divergence(best)))
    }

    fn decide(&mut self, candidate: Candidate) -> Result<Step, Miss> {
        let rest = &self.record[self.place..];
        let env = Env {
            now: rest[0].at,
            random: 0,
            lease: candidate.lease,
        };
        let decision = decide(&mut self.front, candidate.command, &env);
        let found = matched(&self.back, &decision.events, rest);
        if decision.events.is_empty() || found.events < decision.events.len() {
            if !decision.events.is_empty() {
                self.front = self.back.clone();
            }
            return Err(Miss {
                matched: found.events,
                decided: decision.events,
            });
        }
        let events = self.place..self.place + found.events;
        for recorded in &self.record[events.clone()] {
            self.back.evolve(recorded);
        }
        if !found.exact {
            self.front = self.back.clone();
        }
        self.place = events.end;
        self.computed.keep(&decision.actions);
        Ok(Step {
            events,
            actions: decision.actions,
        })
    }

    fn divergence(&self, best: Option<Miss>) -> Box<Divergence> {
        let (matched, decided) = best.map_or((0, None), |mut miss| {
            let at = miss.matched;
            (at, (at < miss.decided.len()).then(|| miss.decided.swap_remove(at)))
        });
        let place = self.place + matched;
        Box::new(Divergence {
            seq: Seq(place as u64 + 1),
            recorded: self.record.get(place).cloned(),
            decided,
        })
    }
}
