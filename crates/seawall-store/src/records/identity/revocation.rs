use crate::ids::{KeyId, SessionId};
use crate::time::Timestamp;

/// What counts no more.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Revoked {
    Key(KeyId),
    Session(SessionId),
}

/// The place of a revocation among all of the store, from 1 without a gap. Zero is "before the first".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct RevocationNo(pub u64);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Revocation {
    pub no: RevocationNo,
    pub what: Revoked,
    pub at: Timestamp,
}

/// Revocations after some place, in their order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Revocations {
    pub items: Vec<Revocation>,
    /// Where to go on.
    pub next: RevocationNo,
    /// There were others that are forgotten by now, or the store never came as far as the place that was asked for (it was
    /// restored): whoever keeps what was not revoked must drop all of it.
    pub missed: bool,
}

impl Revocations {
    /// Given at once, at most.
    pub const MAX: u32 = 1000;
}
