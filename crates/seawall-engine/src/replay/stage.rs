//! A run's state on which decisions can be tried.

use std::sync::Arc;

use crate::core::{Command, Decision, Env, Event, Recorded, ReplayError, RunState, decide};
use crate::definition::Definition;

/// Where a fork comes from, and what it takes over: it stands right after the creation, and no command led to it.
pub(super) fn origin(record: &[Recorded]) -> &[Recorded] {
    let after = record.get(1..).unwrap_or_default();
    let given = |recorded: &&Recorded| matches!(recorded.event, Event::RunForked { .. } | Event::StepCopied(_));
    &after[..after.iter().take_while(given).count()]
}

/// Two states of the same events: `decide` works on one, the other follows what was accepted. Only where the two part is
/// the first one copied from the second.
pub(super) struct Stage {
    front: RunState,
    back: RunState,
}

impl Stage {
    pub(super) fn new(definition: Arc<Definition>, first: &Recorded) -> Result<Self, ReplayError> {
        let state = RunState::created(definition, first)?;
        Ok(Self {
            front: state.clone(),
            back: state,
        })
    }

    /// The first events that were not decided, but given.
    pub(super) fn give(&mut self, events: &[Recorded]) {
        self.accept(events, false);
    }

    /// The state of what was accepted.
    pub(super) const fn state(&self) -> &RunState {
        &self.back
    }

    /// A decision on that state. It must be followed by [`Stage::accept`] or [`Stage::reject`].
    pub(super) fn decide(&mut self, command: Command, env: &Env<'_>) -> Decision {
        decide(&mut self.front, command, env)
    }

    /// These events happened. `exact`: they are those of the last decision.
    pub(super) fn accept(&mut self, events: &[Recorded], exact: bool) {
        for event in events {
            self.back.evolve(event);
        }
        if !exact {
            self.front = self.back.clone();
        }
    }

    /// The last decision is not what happened.
    pub(super) fn reject(&mut self, decision: &Decision) {
        if !decision.events.is_empty() {
            self.front = self.back.clone();
        }
    }
}
