//! Runs again, from their record: no store, no server, no clock, no effect.
//!
//! A journal says what was decided, not what was asked. The record itself is the script: for the next recorded event,
//! [`script`] names the commands that can have led to it, and the one whose decision is the record, event for event, did.
//! What an executor, a person or the clock contributed is taken from the record; all the rest (requests, conditions,
//! transforms, retries, deadlines, the end) is worked out anew and compared. So `identical` is a proof: the events of the
//! record were decided again, one by one.

mod around;
mod change;
mod divergence;
mod drive;
mod recovery;
mod same;
mod script;
mod settled;
mod stage;
mod strict;

#[cfg(test)]
pub(crate) use change::compare;
pub use change::{Comparison, Finding, FindingKind, replay_changed};
pub use divergence::{Divergence, Verdict};
pub(crate) use drive::Replay;
pub use strict::replay;
