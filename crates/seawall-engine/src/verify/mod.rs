//! Checking a whole store: whether everything in it still follows from its journals, and nothing stands still that should
//! not. Reads runs one by one, so that its memory is bounded by the largest run; writes nothing unless it is to repair, and
//! then only what follows from journals (rows, due times, approvals) or from other rows (what flow control and queues count).
//! No journal is ever changed.
//!
//! What a backend can find wrong with itself (pages, indexes, references) it says itself: `InspectStore::integrity`.

mod approvals;
mod check;
mod finding;
mod history;
mod kin;
mod order;
mod place;
mod report;
mod row;
mod schedules;
mod shelf;
#[cfg(test)]
mod tests;

pub use check::verify;
pub use finding::{VerifyFinding, VerifyFindingKind};
pub use report::VerifyReport;
