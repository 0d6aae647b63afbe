//! Named places at which a test makes the store fail. Without the `failpoints` feature nothing of it is compiled in.

/// Where a failure can be placed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Point {
    /// Before an append's first statement, within its batch.
    AppendBefore,
    /// All operations of a batch are executed; nothing is durable.
    CommitBefore,
    /// COMMIT has succeeded; nobody has been answered.
    CommitAfter,
}

/// What happened at a point.
#[derive(Debug)]
pub(crate) enum Hit {
    Error(rusqlite::Error),
    #[cfg_attr(not(feature = "failpoints"), expect(dead_code, reason = "made at failpoints only"))]
    LostAnswer,
}

#[cfg(feature = "failpoints")]
mod enabled {
    use std::cell::Cell;
    use std::sync::Arc;

    use rusqlite::ffi;

    use super::{Hit, Point};

    /// What a failpoint does.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum FailAction {
        /// SQLite reports a full disk. At `append.before` the whole transaction is lost with it, as SQLite may do.
        Full,
        /// SQLite reports an I/O error, with the same consequence. At `commit.after` COMMIT has worked and its answer
        /// was an error.
        Io,
        /// At the `commit` points: callers are told that the outcome is unknown.
        LoseAnswer,
        /// The process ends at once.
        Abort,
    }

    /// Asked at `append.before`, `commit.before` and `commit.after`, with how often that point was reached (from 1).
    pub type FailHook = Arc<dyn Fn(&str, u64) -> Option<FailAction> + Send + Sync>;

    /// The writer thread's failpoints.
    pub(crate) struct Failpoints {
        hook: Option<FailHook>,
        hits: [Cell<u64>; 3],
    }

    impl Failpoints {
        pub(crate) fn new(hook: Option<FailHook>) -> Self {
            Self {
                hook,
                hits: Default::default(),
            }
        }

        pub(crate) fn reach(&self, point: Point) -> Result<(), Hit> {
            let Some(hook) = &self.hook else { return Ok(()) };
            let (name, hits) = match point {
                Point::AppendBefore => ("append.before", &self.hits[0]),
                Point::CommitBefore => ("commit.before", &self.hits[1]),
                Point::CommitAfter => ("commit.after", &self.hits[2]),
            };
            hits.set(hits.get() + 1);
            match hook(name, hits.get()) {
                None => Ok(()),
                Some(FailAction::Full) => Err(Hit::Error(injected(ffi::SQLITE_FULL))),
                Some(FailAction::Io) => Err(Hit::Error(injected(ffi::SQLITE_IOERR))),
                Some(FailAction::LoseAnswer) => Err(Hit::LostAnswer),
                Some(FailAction::Abort) => std::process::abort(),
            }
        }
    }

    fn injected(code: std::ffi::c_int) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some("injected".to_owned()))
    }
}

#[cfg(feature = "failpoints")]
pub(crate) use enabled::Failpoints;
#[cfg(feature = "failpoints")]
pub use enabled::{FailAction, FailHook};

#[cfg(feature = "failpoints")]
impl crate::SqliteStore {
    /// Makes the disk as large as this many pages of 4 KiB, until the writer opens another connection.
    ///
    /// # Errors
    /// As any write.
    pub async fn limit_pages(&self, pages: u32) -> seawall_store::StoreResult<()> {
        let limit = crate::ops::LimitPages(pages);
        self.writer.submit(crate::writer::Lane::Held, limit).await
    }
}

/// Nothing ever fails here.
#[cfg(not(feature = "failpoints"))]
pub(crate) struct Failpoints;

#[cfg(not(feature = "failpoints"))]
impl Failpoints {
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "the shape it has with the feature"
    )]
    pub(crate) fn reach(&self, _: Point) -> Result<(), Hit> {
        Ok(())
    }
}
