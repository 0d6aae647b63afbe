//! The pure heart: state, events and commands. Synchronous, no I/O, no clock, no chance: the same journal gives the same
//! state on every machine, and the same command on the same state the same decision.

mod command;
mod commands;
mod event;
mod state;

pub use command::{Action, AttemptPlan, Command, Env, Message};
pub use commands::{Decision, decide};
pub use event::{
    ApprovalRequested, BlockReason, ChildStarted, CopiedStatus, Decided, Event, Recorded, Resolution, RunCreated,
    RunError, StepCopied, StepStarted,
};
pub(crate) use state::Slot;
pub use state::{ActivityState, MapItems, Phase, ReplayError, RunState, StepState, StepStatus, Wait};
