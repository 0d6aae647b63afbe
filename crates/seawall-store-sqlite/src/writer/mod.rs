//! The writer: one thread that owns the connection that writes, and the queue before it.
//!
//! Why one: SQLite has one writer anyway, and a flush costs the same for one operation and for a thousand. While a batch
//! commits, the next one queues; no timer is needed. With nothing queued the thread blocks and nothing is written.

mod commit;
mod fault;
mod flush;
mod handle;
mod job;
mod queue;
mod thread;
mod tx;

pub(crate) use commit::raise_mark;
pub(crate) use fault::{Fault, FaultKind};
pub(crate) use flush::control;
pub(crate) use handle::Writer;
pub(crate) use job::Operation;
pub(crate) use queue::Lane;
pub(crate) use thread::Parts;
pub(crate) use tx::Tx;
