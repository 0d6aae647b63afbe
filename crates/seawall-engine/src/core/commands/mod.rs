//! One file per command: what it means in which state.

use crate::core::command::{Action, Command, Env};
use crate::core::event::Recorded;
use crate::core::state::RunState;

/// What a command led to: events, which are already folded into the state, and what the runtime has to do.
#[derive(Debug, Default)]
pub struct Decision {
    pub events: Vec<Recorded>,
    pub actions: Vec<Action>,
}

/// Decides. The state changes by the decision's own events and by nothing else; a command that has come too late or makes
/// no sense gives no events.
#[expect(clippy::unimplemented, unused_variables, reason = "the commands land next")]
pub fn decide(state: &mut RunState, command: Command, env: &Env) -> Decision {
    unimplemented!()
}
