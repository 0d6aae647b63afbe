//! `seawall runs replay`: exported runs again, offline, with every effect answered from the record.

mod command;
mod report;

pub(crate) use command::{EXIT_CODES, Replay};
