use seawall_store::RunId;

/// What is wrong. The names are stable: programs may look for them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum VerifyFindingKind {
    /// The backend's own checks: pages, indexes, references.
    Integrity,
    /// Rows of runs that do not exist.
    Strays,
    /// A run's row cannot be read.
    RowUnreadable,
    /// An approval, or an entry of the journal, cannot be read.
    PartUnreadable,
    DefinitionMissing,
    /// The stored definition does not compile here, or is not the one that was stored.
    DefinitionBroken,
    /// Events are missing, at the beginning, between others or at the end.
    JournalHole,
    JournalUnreadable,
    /// The journal is another run's, or was written for another definition: what never changes of a run differs.
    JournalForeign,
    /// Events stand in an order in which nothing writes them.
    OutOfOrder,
    /// An attempt, a wait or an activity was settled more than once.
    DoubleOutcome,
    /// An effect of the class `once` was begun again without anybody having said so.
    OnceRepeated,
    /// The row says something else than the journal.
    RowDiffers,
    /// There is something to do, and no time at which anybody would.
    Stranded,
    /// Its holder was declared dead, or never lived: nobody may take it.
    HeldByNobody,
    /// A live child whose parent does not exist.
    Orphan,
    /// The child that it waits for does not exist.
    ChildMissing,
    /// The child that it waits for has ended, and its message is not there.
    ChildEndLost,
    /// The task that it waits for does not exist.
    TaskMissing,
    /// The task that it waits for is settled, and its message is not there.
    TaskEndLost,
    /// It has ended, and flow control still counts it.
    SlotLost,
    /// It waits for its admission, and will never be told of it.
    NeverAdmitted,
    /// Counters and marks of flow control or of queues are not what the rows say that they are about.
    Miscounted,
    ScheduleUnreadable,
    /// A schedule has times to come, and nothing that would look at it.
    ScheduleStranded,
    ApprovalMissing,
    ApprovalDiffers,
    /// An approval that no event has asked for.
    ApprovalUnknown,
}

impl VerifyFindingKind {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Integrity => "integrity",
            Self::Strays => "strays",
            Self::RowUnreadable => "row-unreadable",
            Self::PartUnreadable => "part-unreadable",
            Self::DefinitionMissing => "definition-missing",
            Self::DefinitionBroken => "definition-broken",
            Self::JournalHole => "journal-hole",
            Self::JournalUnreadable => "journal-unreadable",
            Self::JournalForeign => "journal-foreign",
            Self::OutOfOrder => "out-of-order",
            Self::DoubleOutcome => "double-outcome",
            Self::OnceRepeated => "once-repeated",
            Self::RowDiffers => "row-differs",
            Self::Stranded => "stranded",
            Self::HeldByNobody => "held-by-nobody",
            Self::Orphan => "orphan",
            Self::ChildMissing => "child-missing",
            Self::ChildEndLost => "child-end-lost",
            Self::TaskMissing => "task-missing",
            Self::TaskEndLost => "task-end-lost",
            Self::SlotLost => "slot-lost",
            Self::NeverAdmitted => "never-admitted",
            Self::Miscounted => "miscounted",
            Self::ScheduleUnreadable => "schedule-unreadable",
            Self::ScheduleStranded => "schedule-stranded",
            Self::ApprovalMissing => "approval-missing",
            Self::ApprovalDiffers => "approval-differs",
            Self::ApprovalUnknown => "approval-unknown",
        }
    }

    /// It is about something that follows from the journal or from other rows, and can be written anew.
    #[must_use]
    pub const fn is_repairable(self) -> bool {
        match self {
            Self::Strays
            | Self::RowUnreadable
            | Self::RowDiffers
            | Self::Stranded
            | Self::HeldByNobody
            | Self::SlotLost
            | Self::Miscounted
            | Self::ApprovalMissing
            | Self::ApprovalDiffers => true,
            Self::Integrity
            | Self::PartUnreadable
            | Self::DefinitionMissing
            | Self::DefinitionBroken
            | Self::JournalHole
            | Self::JournalUnreadable
            | Self::JournalForeign
            | Self::OutOfOrder
            | Self::DoubleOutcome
            | Self::OnceRepeated
            | Self::Orphan
            | Self::ChildMissing
            | Self::ChildEndLost
            | Self::TaskMissing
            | Self::TaskEndLost
            | Self::NeverAdmitted
            | Self::ScheduleUnreadable
            | Self::ScheduleStranded
            | Self::ApprovalUnknown => false,
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifyFinding {
    pub kind: VerifyFindingKind,
    /// None: of the store, or of a run whose id cannot be read.
    pub run: Option<RunId>,
    pub detail: String,
    /// It was mended.
    pub repaired: bool,
}
