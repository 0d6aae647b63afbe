use std::sync::Arc;

use seawall_store::RunId;

/// Why a retry came to nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Withdrawal {
    /// Somebody took it back.
    Cancelled { by: Arc<str> },
    /// It gave way to a newer run.
    Superseded { by: RunId },
    /// It found no free slot, and must not wait for one.
    Rejected,
}

impl Withdrawal {
    /// The name on the wire and in the journal.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Cancelled { .. } => "cancelled",
            Self::Superseded { .. } => "superseded",
            Self::Rejected => "rejected",
        }
    }
}
