use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::LazyLock;

use http::Request;

/// Who goes first, and who is turned away last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Priority {
    /// What can wait for a quieter time. Has only a share of the limit.
    Batch,
    /// Somebody waits for the answer.
    Interactive,
    /// Health and control: what is needed to see the overload, and to end it. Not under the limit, but under a bound of its own.
    Control,
}

impl Priority {
    pub const ALL: [Self; 3] = [Self::Batch, Self::Interactive, Self::Control];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Interactive => "interactive",
            Self::Control => "control",
        }
    }

    /// Its place in a table of all.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// For whom a call is made, as far as fairness needs to know: a hash under a key of this process, so that nobody can choose to
/// share somebody else's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PrincipalKey(pub(super) u64);

static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

impl PrincipalKey {
    /// All calls of which nothing is known. They are one principal, so that leaving one's name out does not help.
    pub const UNKNOWN: Self = Self(0);

    #[must_use]
    pub fn of(principal: impl Hash) -> Self {
        Self(KEYS.hash_one(principal))
    }
}

/// What a call asks to be treated as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Claim {
    pub priority: Priority,
    pub principal: PrincipalKey,
}

impl Claim {
    #[must_use]
    pub const fn new(priority: Priority, principal: PrincipalKey) -> Self {
        Self { priority, principal }
    }

    /// Of that priority, of nobody in particular.
    #[must_use]
    pub const fn of(priority: Priority) -> Self {
        Self::new(priority, PrincipalKey::UNKNOWN)
    }
}

/// Says what a request asks to be treated as. A function is one too. It must go by what the client cannot choose freely: the
/// route, and who was authenticated.
pub trait Triage<B> {
    fn triage(&self, request: &Request<B>) -> Claim;
}

impl<B, F: Fn(&Request<B>) -> Claim> Triage<B> for F {
    fn triage(&self, request: &Request<B>) -> Claim {
        self(request)
    }
}

/// All requests are interactive, and of one principal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Alike;

impl<B> Triage<B> for Alike {
    fn triage(&self, _: &Request<B>) -> Claim {
        Claim::of(Priority::Interactive)
    }
}
