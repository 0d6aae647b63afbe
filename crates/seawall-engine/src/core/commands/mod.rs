//! One file per command: what it means in which state. What several of them lead to stands in `flow/`.

mod admit;
mod again;
mod approval;
mod begin;
mod block;
mod cancel;
mod child;
mod decision;
mod flow;
mod pause;
mod reconcile;
mod recover;
mod resolve;
mod retry;
mod settle;
mod signal;
mod task;
mod tick;

#[cfg(test)]
mod tests;

pub use decision::{Decision, decide};
pub(crate) use flow::{
    FULL_QUEUE, LONGEST_ROOM_BACKOFF, delays, full_queue, is_being_stopped, longest_wait, room_backoff, wanted_room,
};
pub(crate) use settle::MAX_RUN_BYTES;
