//! The embedded store: one SQLite file, one writer thread with group commit, a small pool of readers.
//!
//! All writes of all runs meet in one thread. It takes what has queued, executes each operation in its own savepoint
//! inside one transaction, commits (and so flushes) once, and only then answers anyone. Readers have connections of
//! their own and see what is durable, nothing else. A file lock keeps every other process out.
//!
//! What this room does not do: decide anything about a run, or read what a journal entry, a message or a definition
//! says. [`SqliteStore`] is what other rooms use, through the roles of `seawall-store`.

mod codec;
mod connection;
mod counts;
#[cfg(feature = "failpoints")]
mod damage;
mod error;
mod failpoints;
mod identity_codec;
mod inspect;
mod inspector;
mod latest;
mod lock;
mod metrics;
mod migrate;
mod open;
mod ops;
mod options;
mod quiet_clock;
mod readers;
mod roles;
mod rows;
mod slow;
mod store;
#[cfg(feature = "failpoints")]
mod tampering;
mod writer;

#[cfg(feature = "failpoints")]
pub use damage::{damage, flip};
pub use error::OpenError;
#[cfg(feature = "failpoints")]
pub use failpoints::{FailAction, FailHook};
pub use inspector::SqliteInspector;
pub use metrics::SqliteMetrics;
pub use migrate::{AppliedMigration, MigrationReport, MigrationStatus, migrate, status};
pub use options::{QueueBounds, SqliteOptions};
pub use store::SqliteStore;
#[cfg(feature = "failpoints")]
pub use tampering::{Tampering, tamper};
