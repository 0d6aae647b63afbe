//! Following a run: its events become words or bars, its standstills questions or the next command.
//!
//! `events -> board (what stands where) -> words -> sink`. The board also says whether the run waits for people alone.
//! Nothing here executes a run: that is the engine's, in this process or a server's.

mod activity;
mod bars;
mod board;
mod drive;
mod follower;
mod interrupt;
mod person;
mod sink;
mod standstill;
mod terminal;
mod words;

pub(crate) use drive::{after_message, drive};
pub(crate) use follower::Follower;
pub(crate) use interrupt::Interrupt;
