//! Proof: oracles that keep a log of everything, adversaries, floods, threads.

mod edges;
mod flood;
mod layer;
mod oracle;
mod schedule;
mod threads;

use std::time::Duration;

use tokio::time::Instant;

use super::{Charge, Charges, Decision, Intent, KeyHash, MemoryBounds, MemoryStore, Policy, Question, Receipt};

/// A store whose clock is held: times are nanoseconds since it began.
struct Held {
    store: MemoryStore,
    began: Instant,
}

impl Held {
    fn new(bounds: MemoryBounds) -> Self {
        Self {
            store: MemoryStore::with_bounds(bounds).unwrap(),
            began: Instant::now(),
        }
    }

    fn at(&self, nanos: u64) -> Instant {
        self.began + Duration::from_nanos(nanos)
    }

    fn decide<'a>(&self, intent: Intent, charges: Charges<'a>, nanos: u64) -> Decision<'a> {
        let question = Question {
            guard: "test",
            intent,
            charges: &charges,
        };
        Decision::new(charges, self.store.decide(&question, self.at(nanos)))
    }

    /// One, under one policy.
    fn admits(&self, policy: &Policy, key: KeyHash, nanos: u64) -> bool {
        let charge = Charge { policy, key, cost: 1 };
        self.decide(Intent::Take, [charge].into(), nanos).is_admitted()
    }

    fn give_back(&self, receipt: &Receipt, nanos: u64) {
        self.store.give_back_at(receipt, self.at(nanos));
    }
}
