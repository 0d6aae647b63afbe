//! A run's state: what its events amount to.

mod activity;
mod change;
mod children;
mod evolve;
mod maps;
mod parts;
mod retried;
mod run;
mod slot;
mod tasks;

pub use activity::{ActivityState, StepStatus, Wait};
pub(crate) use run::Slot;
pub use run::{MapItems, Phase, ReplayError, RetryDue, RunState, StepState};
