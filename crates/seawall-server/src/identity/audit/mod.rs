//! The audit trail: records of what was done, each sealed by an HMAC over itself and the seal before it, one chain for each
//! tenant.
//!
//! Whoever can write to the store but does not have `SECRET_KEY` cannot change, remove, add or exchange a record without its
//! being found: [`Verifier`] says where. That the last records were cut off is found by the [`End`], which says how long the
//! chain is and stands apart from it.
//!
//! What it does not find by itself: a chain that was cut off together with its end, and a store that was set back as a whole to
//! a former state of its own. Against both an operator keeps the last seal elsewhere and goes on from it
//! ([`Verifier::resumed`]). A seal of the end beside it would not help against the second, and against the first only as long
//! as nobody had looked before: it would have to be believed by the change that appends the next record.

mod canonical;
mod chain;
mod record;
#[cfg(test)]
mod tests;
mod verifier;

pub use chain::{AuditChain, End, Seal};
pub use record::{AuditOutcome, AuditRecord};
pub use verifier::{Fault, Verifier};
