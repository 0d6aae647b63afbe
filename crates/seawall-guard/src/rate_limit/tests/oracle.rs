//! The log of everything that was ever admitted under one policy and key. Slow, and obviously right.

use super::super::policy::Kind;
use super::Policy;

pub(super) struct Oracle {
    policy: Policy,
    log: Vec<Entry>,
}

struct Entry {
    at: u64,
    cost: u64,
    given_back_at: Option<u64>,
}

/// How a policy stands.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Stand {
    pub(super) remaining: u64,
    pub(super) reset: u64,
}

impl Oracle {
    pub(super) fn new(policy: &Policy) -> Self {
        Self {
            policy: policy.clone(),
            log: Vec::new(),
        }
    }

    /// Whether there is room at `now`, which is not before anything that was logged.
    pub(super) fn has_room(&self, now: u64, cost: u64) -> bool {
        match self.policy.kind() {
            Kind::Log { limit, .. } => self.counted(now) + cost <= u64::from(limit),
            Kind::Bucket(gcra) => cost * gcra.interval() <= self.level(now) && cost <= u64::from(gcra.burst()),
        }
    }

    /// The least time until there is room; None if there never is.
    pub(super) fn wait(&self, now: u64, cost: u64) -> Option<u64> {
        if cost > u64::from(self.policy.burst()) {
            return None;
        }
        match self.policy.kind() {
            // Room comes only when something leaves the window.
            Kind::Log { window, .. } => {
                let ends = self.log.iter().map(|entry| (entry.at + window).saturating_sub(now));
                let mut waits: Vec<_> = ends.chain([0]).collect();
                waits.sort_unstable();
                waits.into_iter().find(|wait| self.has_room(now + wait, cost))
            }
            Kind::Bucket(gcra) => Some((cost * gcra.interval()).saturating_sub(self.level(now))),
        }
    }

    pub(super) fn stand(&self, now: u64) -> Stand {
        match self.policy.kind() {
            Kind::Log { limit, window } => {
                let live = self
                    .log
                    .iter()
                    .filter(|entry| entry.given_back_at.is_none() && entry.cost > 0);
                let ends = live.map(|entry| (entry.at + window).saturating_sub(now));
                Stand {
                    remaining: u64::from(limit) - self.counted(now),
                    reset: ends.max().unwrap_or(0),
                }
            }
            Kind::Bucket(gcra) => Stand {
                remaining: self.level(now) / gcra.interval(),
                reset: self.capacity() - self.level(now),
            },
        }
    }

    pub(super) fn take(&mut self, now: u64, cost: u64) -> usize {
        self.log.push(Entry {
            at: now,
            cost,
            given_back_at: None,
        });
        self.log.len() - 1
    }

    pub(super) fn give_back(&mut self, entry: usize, now: u64) {
        self.log[entry].given_back_at = Some(now);
    }

    /// The most that was admitted and stayed so within `window`, its end included or not.
    pub(super) fn most_within(&self, window: u64, end_included: bool) -> u64 {
        let stayed: Vec<_> = self.log.iter().filter(|entry| entry.given_back_at.is_none()).collect();
        let in_window = |first: &Entry, entry: &Entry| {
            let since = entry.at.checked_sub(first.at);
            since.is_some_and(|since| since < window || (end_included && since == window))
        };
        let sums = stayed.iter().map(|first| {
            let inside = stayed.iter().filter(|entry| in_window(first, entry));
            inside.map(|entry| entry.cost).sum()
        });
        sums.max().unwrap_or(0)
    }

    /// Whether nothing that stayed breaks what a bucket promises: from each request to each later one, no more than the burst and
    /// what came in between.
    pub(super) fn keeps_its_promise(&self) -> bool {
        let window = u64::try_from(self.policy.window().as_nanos()).unwrap();
        match self.policy.kind() {
            Kind::Log { limit, .. } => self.most_within(window, false) <= u64::from(limit),
            Kind::Bucket(gcra) => {
                let stayed: Vec<_> = self.log.iter().filter(|entry| entry.given_back_at.is_none()).collect();
                (0..stayed.len()).all(|from| {
                    let mut sum = 0;
                    stayed[from..].iter().all(|entry| {
                        sum += entry.cost * gcra.interval();
                        sum <= self.capacity() + (entry.at - stayed[from].at)
                    })
                })
            }
        }
    }

    fn counted(&self, now: u64) -> u64 {
        let Kind::Log { window, .. } = self.policy.kind() else {
            return 0;
        };
        let live = self.log.iter().filter(|entry| entry.given_back_at.is_none());
        live.filter(|entry| now - entry.at < window)
            .map(|entry| entry.cost)
            .sum()
    }

    fn capacity(&self) -> u64 {
        match self.policy.kind() {
            Kind::Bucket(gcra) => gcra.interval() * u64::from(gcra.burst()),
            Kind::Log { .. } => 0,
        }
    }

    /// What is in the bucket, in nanoseconds' worth, from the log alone: it was full, and everything happens again.
    fn level(&self, now: u64) -> u64 {
        let Kind::Bucket(gcra) = self.policy.kind() else {
            return 0;
        };
        // (when, after what was logged before, the entry, whether it is given back)
        let mut events: Vec<(u64, bool, usize)> = Vec::new();
        for (at, entry) in self.log.iter().enumerate() {
            events.push((entry.at, false, at));
            events.extend(entry.given_back_at.map(|back| (back, true, at)));
        }
        events.sort_by_key(|&(when, ..)| when);
        self.order_of(&mut events);
        let capacity = self.capacity();
        let (mut level, mut last) = (capacity, 0);
        let mut missing = vec![0; self.log.len()];
        for (when, is_back, at) in events {
            level = (level + (when - last)).min(capacity);
            last = when;
            let price = self.log[at].cost * gcra.interval();
            if is_back {
                // What would have run over the brim meanwhile is lost: the bucket was to be full `missing` after the charge.
                let over = (when - self.log[at].at).saturating_sub(missing[at]);
                level = (level + price.saturating_sub(over)).min(capacity);
            } else {
                missing[at] = capacity - level;
                level -= price;
            }
        }
        (level + (now - last)).min(capacity)
    }

    /// Within one moment, as it was done: the log's order, and what is given back after what it gives back and before what came
    /// later. Schedules give back at moments of their own, so only charges meet.
    fn order_of(&self, events: &mut [(u64, bool, usize)]) {
        events.sort_by_key(|&(when, is_back, at)| (when, is_back, at));
    }
}
