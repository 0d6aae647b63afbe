use std::fmt;
use std::time::Duration;

use super::{Charges, KeyHash, Policy};

/// Where the counts of policies are kept: [`super::MemoryStore`], or one that nodes share.
///
/// A question is about all policies of a request at once, and so is its answer: a store on another machine makes one round trip
/// of it. All or nothing is the store's duty: either every policy that refuses for real has room and all that have room are
/// charged, or none is. A policy in shadow mode never keeps the others from being charged.
///
/// What a store needs of a policy (its name, numbers and kind) stands in the charges, as do the keys, hashed. It must not keep
/// time by the wall clock of a node. A store that cannot reach its counts decides by what it knows, or says that it cannot.
pub trait LimitStore: Clone + Send + Sync + 'static {
    /// Dropped before it is ready, the charges may or may not have been made.
    type Deciding: Future<Output = Result<Verdict, Unavailable>> + Send + 'static;

    fn ask(&self, question: &Question<'_>) -> Answer<Self::Deciding>;

    /// Takes note that charges are to be undone, now or soon. One that gets lost makes limits narrower, never wider.
    fn give_back(&self, receipt: Receipt);
}

/// What is asked of a store.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Who asks, for records.
    pub guard: &'a str,
    pub intent: Intent,
    pub charges: &'a Charges<'a>,
}

/// Whether anything is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Intent {
    /// All charges, or none.
    Take,
    /// Look only.
    Peek,
}

/// At once, or later.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a verdict that is there at once is not allocated for"
)]
pub enum Answer<F> {
    Ready(Verdict),
    Later(F),
}

/// How the policies of a question stand, in its order.
#[derive(Clone, Copy, Debug)]
pub struct Verdict {
    standings: [Standing; Charges::MAX],
    /// Whether each policy in force has room.
    admitted: bool,
    basis: Basis,
}

/// What a verdict rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Basis {
    /// The counts themselves.
    Counts,
    /// A share of the limit, while the counts cannot be reached.
    Fallback,
}

/// How one policy stands: after the charge where it was made, else as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Standing {
    reset: u64,
    /// Zero where there is room.
    wait: u64,
    mark: u64,
    remaining: u32,
    charged: bool,
    shared: bool,
}

/// What a charge is undone with. It cannot be copied: what was taken is given back once.
#[derive(Debug)]
pub struct Receipt {
    parts: Vec<Charged>,
}

/// A charge that was made.
#[derive(Debug)]
pub struct Charged {
    pub policy: Policy,
    pub key: KeyHash,
    pub cost: u32,
    /// The store's own words.
    pub mark: u64,
    /// See [`Standing::is_shared`].
    pub shared: bool,
}

/// The store cannot say. The request is refused with `service-unavailable`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unavailable {
    /// What cannot be reached.
    pub dependency: &'static str,
}

impl Verdict {
    /// One standing for each charge, in their order.
    #[must_use]
    #[inline]
    pub fn new(standings: [Standing; Charges::MAX], admitted: bool, basis: Basis) -> Self {
        Self {
            standings,
            admitted,
            basis,
        }
    }

    #[must_use]
    pub const fn is_admitted(&self) -> bool {
        self.admitted
    }

    #[must_use]
    pub const fn basis(&self) -> Basis {
        self.basis
    }

    pub(super) const fn standings(&self) -> &[Standing; Charges::MAX] {
        &self.standings
    }
}

impl Standing {
    /// `retry_after` is when there will be room, if there is none now. `mark` comes back in a [`Receipt`].
    #[must_use]
    pub fn new(remaining: u32, reset: Duration, retry_after: Option<Duration>, mark: u64) -> Self {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let wait = retry_after.map_or(0, |wait| nanos(wait).max(1));
        Self::raw(remaining, nanos(reset), wait, mark)
    }

    /// The charge was made.
    #[must_use]
    pub const fn charged(mut self) -> Self {
        self.charged = true;
        self
    }

    /// How many more may come now.
    #[must_use]
    pub const fn remaining(&self) -> u32 {
        self.remaining
    }

    /// Until nothing counts any more.
    #[must_use]
    pub const fn reset(&self) -> Duration {
        Duration::from_nanos(self.reset)
    }

    /// None where there was room.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self.wait {
            0 => None,
            wait => Some(Duration::from_nanos(wait)),
        }
    }

    #[must_use]
    #[inline]
    pub const fn has_room(&self) -> bool {
        self.wait == 0
    }

    #[must_use]
    pub const fn is_charged(&self) -> bool {
        self.charged
    }

    /// The key shares its limit with others, because the store is full.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        self.shared
    }

    #[inline]
    pub(super) const fn raw(remaining: u32, reset: u64, wait: u64, mark: u64) -> Self {
        Self {
            reset,
            wait,
            mark,
            remaining,
            charged: false,
            shared: false,
        }
    }

    pub(super) const fn mark(&self) -> u64 {
        self.mark
    }

    pub(super) const fn set_shared(&mut self) {
        self.shared = true;
    }

    #[inline]
    pub(super) const fn set_taken(&mut self, cost: u32, reset: u64) {
        self.remaining = self.remaining.saturating_sub(cost);
        self.reset = reset;
        self.charged = true;
    }
}

impl Receipt {
    pub(super) fn new(parts: Vec<Charged>) -> Self {
        Self { parts }
    }

    #[must_use]
    pub fn parts(&self) -> &[Charged] {
        &self.parts
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be reached", self.dependency)
    }
}

impl std::error::Error for Unavailable {}
