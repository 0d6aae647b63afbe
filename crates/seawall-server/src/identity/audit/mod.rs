//! The audit trail: records of what was done, each sealed by an HMAC over itself and the seal before it, one chain for each
//! tenant.
//!
//! Whoever can write to the store but does not have `SECRET_KEY` cannot change, remove, add or exchange a record without its
//! being found: [`Verifier`] says where. That the last records were cut off is found by the [`End`], which says how long the
//! chain is and stands apart from it. Who can rewrite that too needs a [`Head`] for it, which is sealed.
//!
//! What it does not find: a store that was set back as a whole, head and all, to a former state of its own. Against that an
//! operator keeps a head elsewhere and verifies against it.

mod canonical;
mod chain;
mod record;
#[cfg(test)]
mod tests;
mod verifier;

pub use chain::{AuditChain, End, Head, Seal};
pub use record::{AuditOutcome, AuditRecord};
pub use verifier::{Fault, Verifier};
