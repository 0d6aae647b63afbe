//! Who is let in, who waits, who is turned away. Pure: time comes in with each call, and who is to be woken goes out.

mod principals;
mod queue;
mod state;

pub(super) use queue::Ticket;
pub(super) use state::{Gate, Turn};
