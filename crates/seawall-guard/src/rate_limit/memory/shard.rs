use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::budget::Budget;
use super::table::{Position, Table, id};
use crate::rate_limit::policy::Kind;
use crate::rate_limit::sliding_log::SlidingLog;
use crate::rate_limit::{Charge, Charged, Intent, KeyHash, Policy, Standing};

/// The buckets that keys share for which there is no slot, for each policy.
const SHARED: usize = 16;

/// A part of the keys.
pub(super) struct Shard {
    table: Table,
    logs: HashMap<u64, Log, BuildHasherDefault<AsIs>>,
    log_bytes: usize,
    max_log_bytes: usize,
    /// No log ends before.
    next_end: u64,
    overflow: Vec<Overflow>,
    /// Charges that were weighed against what keys share.
    pub(super) overflowed: u64,
}

struct Log {
    log: SlidingLog,
    window: u64,
    bytes: usize,
    /// When it was last weighed: what is being decided about is not swept.
    weighed_at: u64,
}

/// What the keys of one policy share that have no place of their own. There are as many as there are policies.
struct Overflow {
    tag: u64,
    full_at: [u64; SHARED],
    log: Option<SlidingLog>,
}

/// A charge that was weighed, and where it would be made.
#[derive(Clone, Copy)]
pub(super) struct Weighed {
    pub(super) standing: Standing,
    id: u64,
    place: Place,
    /// What the bucket was.
    full_at: u64,
}

#[derive(Clone, Copy)]
enum Place {
    Slot(Position),
    /// A slot that was free until now; it is kept until the charge is made or left.
    NewSlot(Position),
    /// In the overflow of that index, the bucket of that index.
    SharedBucket(usize, usize),
    Log,
    NewLog,
    SharedLog(usize),
    /// Somebody looked, and there is nothing.
    Nowhere,
}

impl Shard {
    pub(super) fn new(max_bucket_bytes: usize, max_log_bytes: usize) -> Self {
        Self {
            table: Table::new(max_bucket_bytes),
            logs: HashMap::default(),
            log_bytes: 0,
            max_log_bytes,
            next_end: 0,
            overflow: Vec::new(),
            overflowed: 0,
        }
    }

    /// How a charge stands. A key that is new is given a place, which `take` or `leave` has to follow.
    #[inline]
    pub(super) fn weigh(&mut self, charge: &Charge<'_>, now: u64, intent: Intent, budget: &Budget) -> Weighed {
        let id = id(charge.key.get(), charge.policy.tag());
        match charge.policy.kind() {
            Kind::Bucket(gcra) => {
                let (place, full_at) = self.bucket(charge, id, now, intent, budget);
                let mut standing = gcra.weigh(full_at, now, charge.cost);
                if matches!(place, Place::SharedBucket(..)) {
                    standing.set_shared();
                    self.overflowed += 1;
                }
                Weighed {
                    standing,
                    id,
                    place,
                    full_at,
                }
            }
            Kind::Log { limit, window } => {
                let place = self.log(charge.policy, id, now, intent);
                let mut standing = match self.log_at(place, id) {
                    Some(log) => log.weigh(limit, window, now, charge.cost),
                    None => SlidingLog::new(0).weigh(limit, window, now, charge.cost),
                };
                if matches!(place, Place::SharedLog(_)) {
                    standing.set_shared();
                    self.overflowed += 1;
                }
                Weighed {
                    standing,
                    id,
                    place,
                    full_at: 0,
                }
            }
        }
    }

    /// Makes a charge for which there was room.
    #[inline]
    pub(super) fn take(&mut self, charge: &Charge<'_>, weighed: &mut Weighed, now: u64) {
        let id = weighed.id;
        match charge.policy.kind() {
            Kind::Bucket(gcra) => {
                // Two keys of one decision may share a bucket: neither's charge may hide the other's.
                if let Place::SharedBucket(at, bucket) = weighed.place {
                    weighed.full_at = self.overflow[at].full_at[bucket];
                }
                let full_at = gcra.take(&mut weighed.standing, weighed.full_at, now, charge.cost);
                match weighed.place {
                    Place::Slot(at) | Place::NewSlot(at) => self.table.set(at, id, full_at),
                    Place::SharedBucket(at, bucket) => self.overflow[at].full_at[bucket] = full_at,
                    Place::Log | Place::NewLog | Place::SharedLog(_) | Place::Nowhere => {}
                }
            }
            Kind::Log { window, .. } => {
                if let Some(log) = self.log_at(weighed.place, id) {
                    log.take(&mut weighed.standing, window, now, charge.cost);
                }
            }
        }
    }

    /// Leaves everything as it was.
    #[inline]
    pub(super) fn leave(&mut self, weighed: &Weighed) {
        let id = weighed.id;
        match weighed.place {
            Place::NewSlot(at) => self.table.set(at, id, weighed.full_at),
            Place::NewLog => {
                if let Some(log) = self.logs.remove(&id) {
                    self.log_bytes -= log.bytes;
                }
            }
            _ => {}
        }
    }

    pub(super) fn give_back(&mut self, charged: &Charged, now: u64) {
        let id = id(charged.key.get(), charged.policy.tag());
        let tag = charged.policy.tag();
        let shared = self.overflow.iter_mut().find(|overflow| overflow.tag == tag);
        match (charged.policy.kind(), charged.shared) {
            (Kind::Bucket(gcra), false) => {
                if let Some(at) = self.table.find(id) {
                    let full_at = gcra.give_back(self.table.full_at(at), now, charged.cost, charged.mark);
                    self.table.set(at, id, full_at);
                }
            }
            (Kind::Bucket(gcra), true) => {
                if let Some(overflow) = shared {
                    let full_at = &mut overflow.full_at[shared_by(charged.key)];
                    *full_at = gcra.give_back(*full_at, now, charged.cost, charged.mark);
                }
            }
            (Kind::Log { .. }, false) => {
                if let Some(log) = self.logs.get_mut(&id) {
                    log.log.give_back(charged.cost, charged.mark);
                    // It may be empty now.
                    self.next_end = 0;
                }
            }
            (Kind::Log { .. }, true) => {
                if let Some(log) = shared.and_then(|overflow| overflow.log.as_mut()) {
                    log.give_back(charged.cost, charged.mark);
                }
            }
        }
    }

    /// Slots in use, logs, and the bytes of these.
    pub(super) fn filled(&self, now: u64) -> (usize, usize, usize) {
        (self.table.in_use(now), self.logs.len(), self.log_bytes)
    }

    pub(super) fn shared_bytes(&self) -> usize {
        let log = |overflow: &Overflow| overflow.log.as_ref().map_or(0, SlidingLog::room);
        let logs: usize = self.overflow.iter().map(log).sum();
        self.overflow.capacity() * size_of::<Overflow>() + logs
    }

    #[inline]
    fn bucket(&mut self, charge: &Charge<'_>, id: u64, now: u64, intent: Intent, budget: &Budget) -> (Place, u64) {
        if let Some(at) = self.table.find(id) {
            let full_at = self.table.full_at(at);
            if full_at > now || intent == Intent::Peek {
                return (Place::Slot(at), full_at);
            }
            // Another key of this decision must not find it free.
            self.table.set(at, id, now + 1);
            return (Place::NewSlot(at), full_at);
        }
        let bucket = shared_by(charge.key);
        let shared = self.overflow_of(charge.policy);
        // What it took while there was no place for it counts: nobody begins afresh by coming from the overflow.
        let full_at = shared.map_or(0, |at| self.overflow[at].full_at[bucket]);
        if intent == Intent::Peek {
            return (Place::Nowhere, full_at);
        }
        if let Some(at) = self.table.reserve(id, now, budget) {
            return (Place::NewSlot(at), full_at);
        }
        let at = shared.unwrap_or_else(|| self.new_overflow(charge.policy));
        (Place::SharedBucket(at, bucket), full_at)
    }

    fn log(&mut self, policy: &Policy, id: u64, now: u64, intent: Intent) -> Place {
        if let Some(log) = self.logs.get_mut(&id) {
            log.weighed_at = now;
            return Place::Log;
        }
        let shared = self.overflow_of(policy).filter(|&at| self.overflow[at].log.is_some());
        if intent == Intent::Peek {
            return shared.map_or(Place::Nowhere, Place::SharedLog);
        }
        let (limit, window) = match policy.kind() {
            Kind::Log { limit, window } => (limit, window),
            Kind::Bucket(_) => return Place::Nowhere,
        };
        let bytes = SlidingLog::bytes(limit);
        if self.log_bytes + bytes > self.max_log_bytes {
            self.sweep(now);
        }
        if self.log_bytes + bytes > self.max_log_bytes {
            let at = self.overflow_of(policy).unwrap_or_else(|| self.new_overflow(policy));
            self.overflow[at].log.get_or_insert_with(|| SlidingLog::new(limit));
            return Place::SharedLog(at);
        }
        let log = match shared.and_then(|at| self.overflow[at].log.as_ref()) {
            Some(shared) => SlidingLog::after(shared, limit),
            None => SlidingLog::new(limit),
        };
        self.log_bytes += bytes;
        self.next_end = self.next_end.min(now.saturating_add(window));
        let log = Log {
            log,
            window,
            bytes,
            weighed_at: now,
        };
        self.logs.insert(id, log);
        Place::NewLog
    }

    fn log_at(&mut self, place: Place, id: u64) -> Option<&mut SlidingLog> {
        match place {
            Place::Log | Place::NewLog => self.logs.get_mut(&id).map(|log| &mut log.log),
            Place::SharedLog(at) => self.overflow[at].log.as_mut(),
            Place::Slot(_) | Place::NewSlot(_) | Place::SharedBucket(..) | Place::Nowhere => None,
        }
    }

    /// Lets go of logs of which nothing counts. Where none can have come to its end since the last time, it does not look.
    fn sweep(&mut self, now: u64) {
        if now < self.next_end {
            return;
        }
        let (mut next_end, mut freed) = (u64::MAX, 0);
        self.logs.retain(|_, log| {
            let end = log.log.empty_at(log.window);
            let stays = end > now || log.weighed_at == now;
            if stays {
                next_end = next_end.min(end.max(now + 1));
            } else {
                freed += log.bytes;
            }
            stays
        });
        self.log_bytes -= freed;
        self.next_end = next_end;
    }

    fn overflow_of(&self, policy: &Policy) -> Option<usize> {
        self.overflow.iter().position(|overflow| overflow.tag == policy.tag())
    }

    fn new_overflow(&mut self, policy: &Policy) -> usize {
        self.overflow.push(Overflow {
            tag: policy.tag(),
            full_at: [0; SHARED],
            log: None,
        });
        self.overflow.len() - 1
    }
}

/// Which of the shared buckets is a key's.
fn shared_by(key: KeyHash) -> usize {
    // Not the bits that chose the shard.
    key.get() as usize % SHARED
}

/// Ids are hashes already.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = id;
    }
}
