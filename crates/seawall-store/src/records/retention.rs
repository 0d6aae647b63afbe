use crate::ids::{Epoch, RunId, RunKey};
use crate::records::CrossMessage;
use crate::time::Timestamp;

/// One small step through the runs that have ended, oldest end first.
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    /// Runs that ended at this instant or before.
    pub before: Timestamp,
    /// Goes on after this one, where an earlier step of the same sweep stopped.
    pub after: Option<FinishedPlace>,
    /// How many runs are looked at.
    pub max_runs: u32,
    /// Bytes of journals that are forgotten; the first run always goes, however large it is.
    pub max_bytes: u64,
}

/// A place in the order of ends: equal instants are ordered by creation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FinishedPlace {
    pub finished_at: Timestamp,
    pub run: RunKey,
}

/// What a step of a sweep did.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Forgotten {
    /// Runs that are gone.
    pub runs: u32,
    /// How many of these had children, which may go now.
    pub parents: u32,
    /// Runs that were old enough and stayed, because of a [`KeptFor`].
    pub kept: u32,
    /// Where the next step goes on. None: the sweep is through.
    pub next: Option<FinishedPlace>,
}

/// Why a run is not forgotten.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeptFor {
    /// It has not ended, or is about to go on: somebody holds it, or it is due.
    Work,
    /// Its idempotency key still counts: without it the same request would make another run.
    Key,
    /// Its parent is still there.
    Parent,
    /// A child of it has not ended.
    Child,
}

/// What became of a run that was to be forgotten.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    Forgotten,
    Kept(KeptFor),
}

/// A run that nobody can go on with and that is to leave as it stands.
#[derive(Clone, Debug)]
pub struct Discard {
    pub run: RunId,
    /// The claim under which a node holds it without executing it. None: nobody may hold it.
    pub held: Option<Epoch>,
    /// What its parent is told instead of its end.
    pub end: Option<CrossMessage>,
}
