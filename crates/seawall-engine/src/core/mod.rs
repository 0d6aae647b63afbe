//! The pure heart: state, events and commands. Synchronous, no I/O, no clock, no chance: the same journal gives the same
//! state on every machine, and the same command on the same state the same decision.

mod command;
mod commands;
mod event;
mod state;
mod withdrawal;

pub use command::{Action, AttemptPlan, Command, Env, FoundChild, Message, TaskEnd, TaskEnded, TaskPlan};
pub use commands::{Decision, decide};
pub(crate) use commands::{
    FULL_QUEUE, LONGEST_ROOM_BACKOFF, MAX_RUN_BYTES, delays, full_queue, is_being_stopped, longest_wait, room_backoff,
    wanted_room,
};
pub use event::{
    ApprovalRequested, BlockReason, ChildStarted, CopiedStatus, Decided, Event, Recorded, Resolution, RunCreated,
    RunError, ScheduledFor, StepCopied, StepStarted, Supersession, TaskOffered,
};
pub(crate) use state::Slot;
pub use state::{ActivityState, MapItems, Phase, ReplayError, RetryDue, RunState, StepState, StepStatus, Wait};
pub use withdrawal::Withdrawal;
