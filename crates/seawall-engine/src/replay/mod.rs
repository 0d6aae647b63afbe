//! Runs again, from their record: no store, no server, no clock, no effect.
//!
//! A journal says what was decided, not what was asked. The record itself is the script: for the next recorded event,
//! [`script`] names the commands that can have led to it, and the one whose decision is the record, event for event, did.
//! What an executor, a person or the clock contributed is taken from the record; all the rest (requests, conditions,
//! transforms, retries, deadlines, the end) is worked out anew and compared. So `identical` is a proof: the events of the
//! record were decided again, one by one.

mod divergence;
mod drive;
mod recovery;
mod same;
mod script;
mod settled;

pub use divergence::{Divergence, Verdict};
pub(crate) use drive::Replay;
