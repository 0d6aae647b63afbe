use std::sync::Arc;

use super::{
    Answer, Charges, Decision, Intent, KeyHash, KeySeed, LimitStore, MemoryStore, Question, Receipt, Unavailable,
    Verdict,
};

/// Asks a store, under a name. For what no layer knows: costs that show later, refunds, a look at what is left.
///
/// ```
/// use seawall_guard::rate_limit::{Charge, Limiter, MemoryStore, Policy, Preset};
///
/// # async fn shown() -> Result<(), seawall_guard::rate_limit::Unavailable> {
/// let limiter = Limiter::new("tokens", MemoryStore::new());
/// let policy = Policy::preset(Preset::Standard);
/// let charge = |cost| Charge { policy: &policy, key: limiter.key(b"somebody"), cost };
///
/// let decision = limiter.take([charge(60)].into()).await?;
/// assert!(decision.is_admitted());
/// assert!(!limiter.peek([charge(60)].into()).await?.is_admitted());
/// if let Some(receipt) = decision.receipt() {
///     limiter.give_back(receipt);
/// }
/// assert!(limiter.peek([charge(60)].into()).await?.is_admitted());
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(shown()).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Limiter<S = MemoryStore> {
    guard: Arc<str>,
    seed: KeySeed,
    store: S,
}

impl<S> Limiter<S> {
    #[must_use]
    pub const fn guard(&self) -> &Arc<str> {
        &self.guard
    }
}

impl<S: LimitStore> Limiter<S> {
    /// The name is for records.
    #[must_use]
    pub fn new(guard: &str, store: S) -> Self {
        Self {
            guard: guard.into(),
            seed: KeySeed::random(),
            store,
        }
    }

    /// Limiters whose keys shall be the same need the same seed: on another node, or on one store.
    #[must_use]
    pub fn with_seed(mut self, seed: KeySeed) -> Self {
        self.seed = seed;
        self
    }

    #[must_use]
    pub const fn seed(&self) -> &KeySeed {
        &self.seed
    }

    #[must_use]
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// A key of the kind of functions' keys, see [`by`](super::by).
    #[must_use]
    pub fn key(&self, key: &[u8]) -> KeyHash {
        self.seed.hash(0, key)
    }

    /// Charges everything, or nothing.
    pub async fn take<'a>(&self, charges: Charges<'a>) -> Result<Decision<'a>, Unavailable> {
        self.decide(Intent::Take, charges).await
    }

    /// What `take` would say.
    pub async fn peek<'a>(&self, charges: Charges<'a>) -> Result<Decision<'a>, Unavailable> {
        self.decide(Intent::Peek, charges).await
    }

    /// Undoes the charges of a decision. What has come back by time is not given a second time.
    pub fn give_back(&self, receipt: Receipt) {
        self.store.give_back(receipt);
    }

    pub(super) fn ask(&self, intent: Intent, charges: &Charges<'_>) -> Answer<S::Deciding> {
        self.store.ask(&Question {
            guard: &self.guard,
            intent,
            charges,
        })
    }

    async fn decide<'a>(&self, intent: Intent, charges: Charges<'a>) -> Result<Decision<'a>, Unavailable> {
        let verdict: Verdict = match self.ask(intent, &charges) {
            Answer::Ready(verdict) => verdict,
            Answer::Later(deciding) => deciding.await?,
        };
        Ok(Decision::new(charges, verdict))
    }
}
