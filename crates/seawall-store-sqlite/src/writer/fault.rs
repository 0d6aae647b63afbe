//! What is wrong with the file, for as long as it is wrong.

use parking_lot::Mutex;
use seawall_store::{StoreError, Timestamp};

/// What a write met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FaultKind {
    Full,
    Io,
    ReadOnly,
    Locked,
    Memory,
    Corrupt,
}

impl FaultKind {
    const fn reason(self) -> &'static str {
        match self {
            Self::Full => "the disk is full",
            Self::Io => "the disk reports an I/O error",
            Self::ReadOnly => "the database is read-only",
            Self::Locked => "another program has locked the database",
            Self::Memory => "out of memory",
            Self::Corrupt => "the database file is damaged",
        }
    }
}

/// A fault as its many callers are told of it: errors of SQLite cannot be cloned, their texts can.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    message: String,
}

impl Fault {
    pub(crate) fn of(kind: FaultKind, error: &rusqlite::Error) -> Self {
        Self {
            kind,
            message: error.to_string(),
        }
    }

    /// The fault behind an error of BEGIN, COMMIT or a savepoint: whatever it is, the whole batch has it.
    pub(crate) fn of_control(error: &rusqlite::Error) -> Self {
        Self::of(crate::error::fault_kind(error).unwrap_or(FaultKind::Io), error)
    }

    /// An answer that a failpoint lost.
    pub(crate) fn lost_answer() -> Self {
        Self {
            kind: FaultKind::Io,
            message: "the answer was lost".to_owned(),
        }
    }

    /// Nothing was written.
    pub(crate) fn unavailable(&self) -> StoreError {
        if self.kind == FaultKind::Corrupt {
            return StoreError::Corrupt {
                detail: self.kind.reason().to_owned(),
                source: Some(Box::new(self.clone())),
            };
        }
        StoreError::Unavailable {
            reason: self.kind.reason(),
            source: Some(Box::new(self.clone())),
        }
    }

    /// It is not known what was written.
    pub(crate) fn ambiguous(&self) -> StoreError {
        StoreError::Ambiguous {
            source: Box::new(self.clone()),
        }
    }
}

/// The fault that stands: `None => Some` with a failed write, `Some => None` with the next commit that had none.
#[derive(Default)]
pub(crate) struct Standing(Mutex<Option<(Fault, Timestamp)>>);

impl Standing {
    /// Remembers a fault; the time of the first one stays.
    pub(crate) fn raise(&self, fault: &Fault, now: Timestamp) {
        let mut standing = self.0.lock();
        let since = match &*standing {
            Some((_, since)) => *since,
            None => {
                tracing::error!(kind = ?fault.kind, error = %fault, "the store cannot write");
                now
            }
        };
        *standing = Some((fault.clone(), since));
    }

    pub(crate) fn clear(&self, now: Timestamp) {
        if let Some((fault, since)) = self.0.lock().take() {
            let lasted_ms = u64::try_from(now.since(since).as_millis()).unwrap_or(u64::MAX);
            tracing::info!(kind = ?fault.kind, lasted_ms, "the store can write again");
        }
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.0.lock().is_some()
    }
}
