//! Wake-ups inside one process: who waits for a run or for tasks of a queue, and that there is work to claim.
//!
//! A backend calls [`Watchers`] after a commit, never before: what a watcher then reads is durable. Nothing is kept for a
//! run or a queue that nobody watches.

mod queues;
mod watchers;

pub use queues::{QueueWatch, TimerSeen};
pub use watchers::{RunWatch, Watchers};
