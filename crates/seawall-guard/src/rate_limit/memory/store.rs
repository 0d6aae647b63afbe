use std::fmt;
use std::future::Ready;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use tokio::time::Instant;

use super::budget::Budget;
use super::shard::Shard;
use super::table::Table;
use crate::rate_limit::{
    Answer, Basis, Charge, Charges, Intent, KeyHash, LimitStore, Question, Receipt, Standing, Unavailable, Verdict,
};

const MAX: usize = Charges::MAX;

/// What a store may take. In bytes, both beside each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemoryBounds {
    /// For the buckets of smooth and strict policies, 16 bytes each. While a part of it grows, its old form counts too.
    pub buckets: usize,
    /// For the logs of exact policies: 16 bytes for each request of the limit, and about 100 more. Each shard has its part: what
    /// does not hold one log of a policy makes its keys share one.
    pub logs: usize,
    /// How many parts there are, each with a lock: a power of two, at most 256.
    pub shards: usize,
}

impl Default for MemoryBounds {
    /// Two million buckets, and 8 MiB of logs.
    fn default() -> Self {
        Self {
            buckets: 40 * 1024 * 1024,
            logs: 8 * 1024 * 1024,
            shards: 64,
        }
    }
}

/// Bounds in which there is no store.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MemoryBoundsError {
    #[error("shards are a power of two, at most 256, not {0}")]
    Shards(usize),
    #[error("buckets need {needed} bytes for the first of each shard, not {buckets}")]
    Buckets { needed: usize, buckets: usize },
}

/// What a store takes, and whether that is enough.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MemoryUse {
    pub bucket_bytes: usize,
    pub log_bytes: usize,
    /// What is set aside for keys without a place, for each policy that has met any. Not within the bounds: about 180 bytes a policy
    /// and shard, for four at a time, and for an exact one a log.
    pub shared_bytes: usize,
    /// Buckets that are not full, so that they cannot be given away.
    pub buckets_in_use: usize,
    /// Buckets there can be.
    pub buckets_at_most: usize,
    pub logs: usize,
    /// Charges that had to be weighed against what keys share, since the beginning. More of them: the bounds are too narrow, or
    /// there is a flood.
    pub overflowed: u64,
}

impl MemoryUse {
    /// Of the buckets there can be, how many are in use: 0 to 1.
    #[must_use]
    pub fn saturation(&self) -> f64 {
        self.buckets_in_use as f64 / self.buckets_at_most.max(1) as f64
    }
}

/// The counts of one process, see [the module](super). Clones are the same.
#[derive(Clone)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

struct Shared {
    began: Instant,
    shards: Box<[Aligned]>,
    budget: Budget,
    bucket_bytes_of_a_shard: usize,
}

/// Apart in memory, so that threads with different shards do not meet.
#[repr(align(128))]
struct Aligned(Mutex<Shard>);

impl MemoryStore {
    #[must_use]
    pub fn new() -> Self {
        Self::with_bounds(MemoryBounds::default()).expect("the bounds above make a store, as a test says")
    }

    pub fn with_bounds(bounds: MemoryBounds) -> Result<Self, MemoryBoundsError> {
        let MemoryBounds { buckets, logs, shards } = bounds;
        if !shards.is_power_of_two() || shards > 256 {
            return Err(MemoryBoundsError::Shards(shards));
        }
        let first = shards * Table::FIRST_BYTES;
        if buckets < first {
            return Err(MemoryBoundsError::Buckets { needed: first, buckets });
        }
        let of_each = buckets / shards;
        let shard = || Aligned(Mutex::new(Shard::new(of_each, logs / shards)));
        let shared = Shared {
            began: Instant::now(),
            shards: (0..shards).map(|_| shard()).collect(),
            budget: Budget::new(first, buckets),
            bucket_bytes_of_a_shard: of_each,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Decides at `now`, which comes from a clock that does not step. Of two threads that read it one after the other the second may
    /// decide first.
    #[must_use]
    pub fn decide(&self, question: &Question<'_>, now: Instant) -> Verdict {
        let now = self.nanos(now);
        match question.charges.only() {
            Some(charge) => self.decide_one(charge, question.intent, now),
            None => self.decide_all(question.charges, question.intent, now),
        }
    }

    #[inline]
    fn decide_one(&self, charge: &Charge<'_>, intent: Intent, now: u64) -> Verdict {
        let mut shard = self.shared.shards[self.shard_of(charge.key)].0.lock();
        let mut weighed = shard.weigh(charge, now, intent, &self.shared.budget);
        let has_room = weighed.standing.has_room();
        match intent {
            Intent::Take if has_room => shard.take(charge, &mut weighed, now),
            Intent::Take => shard.leave(&weighed),
            Intent::Peek => {}
        }
        drop(shard);
        let mut standings = [Standing::default(); MAX];
        standings[0] = weighed.standing;
        Verdict::new(standings, has_room || charge.policy.is_shadow(), Basis::Counts)
    }

    fn decide_all(&self, charges: &Charges<'_>, intent: Intent, now: u64) -> Verdict {
        let mut held = self.lock(charges);
        let mut weighed = [const { None }; MAX];
        let mut admitted = true;
        for (at, (charge, place)) in charges.iter().zip(&mut weighed).enumerate() {
            let of_charge = held.shard(at).weigh(charge, now, intent, &self.shared.budget);
            admitted &= of_charge.standing.has_room() || charge.policy.is_shadow();
            *place = Some(of_charge);
        }
        let mut standings = [Standing::default(); MAX];
        for (at, (charge, weighed)) in charges.iter().zip(weighed.iter_mut().flatten()).enumerate() {
            match intent {
                Intent::Take if admitted && weighed.standing.has_room() => held.shard(at).take(charge, weighed, now),
                Intent::Take => held.shard(at).leave(weighed),
                Intent::Peek => {}
            }
            standings[at] = weighed.standing;
        }
        Verdict::new(standings, admitted, Basis::Counts)
    }

    /// Undoes charges, as far as they still count.
    pub fn give_back_at(&self, receipt: &Receipt, now: Instant) {
        let now = self.nanos(now);
        for charged in receipt.parts() {
            let shard = &self.shared.shards[self.shard_of(charged.key)];
            shard.0.lock().give_back(charged, now);
        }
    }

    /// For metrics: it looks at everything, one shard after the other.
    #[must_use]
    pub fn usage(&self) -> MemoryUse {
        self.usage_at(Instant::now())
    }

    #[must_use]
    pub fn usage_at(&self, now: Instant) -> MemoryUse {
        let Shared { budget, shards, .. } = &*self.shared;
        let now = self.nanos(now);
        let mut usage = MemoryUse {
            bucket_bytes: budget.used(),
            buckets_at_most: shards.len() * Table::most_slots(self.shared.bucket_bytes_of_a_shard),
            ..MemoryUse::default()
        };
        for shard in shards {
            let shard = shard.0.lock();
            let (in_use, logs, log_bytes) = shard.filled(now);
            usage.buckets_in_use += in_use;
            usage.logs += logs;
            usage.log_bytes += log_bytes;
            usage.overflowed += shard.overflowed;
            usage.shared_bytes += shard.shared_bytes();
        }
        usage
    }

    /// Since the store began, and one: zero is before everything.
    #[inline]
    fn nanos(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.shared.began);
        // 584 years.
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX - 1) + 1
    }

    #[inline]
    fn shard_of(&self, key: KeyHash) -> usize {
        // The highest bits: the others choose among what keys share.
        (key.get() >> 56) as usize & (self.shared.shards.len() - 1)
    }

    /// Locks the shards of all charges in their order, so that nobody waits for somebody who waits.
    fn lock(&self, charges: &Charges<'_>) -> Held<'_> {
        let mut held = Held {
            guards: [const { None }; MAX],
            of: [0; MAX],
        };
        // There are 256 shards and eight charges at most.
        let mut order = [(0_u8, 0_u8); MAX];
        for (at, charge) in charges.iter().enumerate() {
            order[at] = (self.shard_of(charge.key) as u8, at as u8);
        }
        let order = &mut order[..charges.len()];
        order.sort_unstable();
        let mut last = None;
        for &mut (shard, at) in order {
            let guard = match last {
                Some((same, guard)) if same == shard => guard,
                _ => {
                    held.guards[usize::from(at)] = Some(self.shared.shards[usize::from(shard)].0.lock());
                    at
                }
            };
            held.of[usize::from(at)] = guard;
            last = Some((shard, guard));
        }
        held
    }
}

/// The shards of a decision.
struct Held<'a> {
    guards: [Option<MutexGuard<'a, Shard>>; MAX],
    /// For each charge, which guard is its shard's.
    of: [u8; MAX],
}

impl Held<'_> {
    fn shard(&mut self, charge: usize) -> &mut Shard {
        let guard = self.guards[usize::from(self.of[charge])].as_mut();
        guard.expect("each charge's shard was locked")
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.shared.budget.used();
        f.debug_struct("MemoryStore")
            .field("bucket_bytes", &bytes)
            .finish_non_exhaustive()
    }
}

impl LimitStore for MemoryStore {
    type Deciding = Ready<Result<Verdict, Unavailable>>;

    fn ask(&self, question: &Question<'_>) -> Answer<Self::Deciding> {
        Answer::Ready(self.decide(question, Instant::now()))
    }

    fn give_back(&self, receipt: Receipt) {
        self.give_back_at(&receipt, Instant::now());
        // It has been used.
        drop(receipt);
    }
}
