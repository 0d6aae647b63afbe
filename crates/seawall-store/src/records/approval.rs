use crate::ids::{ApprovalId, RunId};
use crate::time::Timestamp;

/// `Pending => (Approved | Rejected | Expired | Cancelled)`, once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ApprovalStatus {
    Pending,
    Approved,
    Rejected,
    /// Nobody decided in time and the step says that this fails it.
    Expired,
    /// The run ended, was cancelled or failed elsewhere first.
    Cancelled,
}

impl ApprovalStatus {
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::Approved,
        Self::Rejected,
        Self::Expired,
        Self::Cancelled,
    ];

    /// The name on the wire and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// A decision asked of a person, as a projection of the run's journal.
#[derive(Clone, PartialEq, Debug)]
pub struct ApprovalRecord {
    pub id: ApprovalId,
    pub run: RunId,
    pub step: String,
    pub item: Option<u32>,
    pub message: String,
    pub deciders: Vec<String>,
    pub status: ApprovalStatus,
    pub comment: Option<String>,
    pub decided_by: Option<String>,
    pub requested_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub decided_at: Option<Timestamp>,
}

#[derive(Clone, Debug, Default)]
pub struct ApprovalFilter {
    pub status: Option<ApprovalStatus>,
    pub run: Option<RunId>,
}
