//! One task for each run in memory.
//!
//! `driver` is the synchronous half (state, undurable events, attempts that wait for durability); `session` is the loop
//! round it; `task` begins sessions again where memory could not be trusted. After a fault of the store the same append is
//! sent again (see `flight`); after a refusal, a defect or a panic everything in memory is forgotten, and the journal is
//! read anew.

mod alarm;
mod attempt;
mod attempts;
mod driver;
mod facts;
mod flight;
mod flush;
mod linger;
mod load;
mod lookup;
mod newborn;
mod room;
mod session;
mod task;
mod weights;

pub(crate) use driver::TRANSFORM;
pub(crate) use newborn::{Newborn, spawn_newborn};
pub(crate) use task::spawn_claimed;
