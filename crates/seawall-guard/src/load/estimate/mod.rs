//! How many calls at once are right. Pure: time comes in with each sample.

mod change;
mod estimator;
mod history;
mod queue;
mod window;

pub use change::{Cause, Change};
pub(super) use estimator::Estimator;
pub(super) use window::Sample;
