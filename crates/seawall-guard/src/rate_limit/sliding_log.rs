use std::collections::VecDeque;

use super::Standing;

/// The times of what was admitted in the last window, with its cost.
#[derive(Clone, Debug)]
pub(super) struct SlidingLog {
    /// Each costs 1 at least: never more than the limit, which is what it has room for.
    entries: VecDeque<(u64, u32)>,
    used: u32,
}

impl SlidingLog {
    /// What a log for `limit` takes, with its place in a map that is half empty.
    pub(super) const fn bytes(limit: u32) -> usize {
        limit as usize * size_of::<(u64, u32)>() + 2 * (size_of::<Self>() + size_of::<u64>() + 1)
    }

    pub(super) fn new(limit: u32) -> Self {
        Self {
            entries: VecDeque::with_capacity(limit as usize),
            used: 0,
        }
    }

    /// A log of its own that begins with what another one holds.
    pub(super) fn after(other: &Self, limit: u32) -> Self {
        let mut log = Self::new(limit);
        log.entries.extend(&other.entries);
        log.used = other.used;
        log
    }

    /// How it stands before anything is taken, and whether it has room for `cost`. Flat in the limit: what leaves the window
    /// is subtracted once.
    pub(super) fn weigh(&mut self, limit: u32, window: u64, now: u64, cost: u32) -> Standing {
        while let Some(&(at, cost)) = self.entries.front()
            && at.saturating_add(window) <= now
        {
            self.entries.pop_front();
            self.used -= cost;
        }
        let left = |at: u64| at.saturating_add(window).saturating_sub(now);
        let remaining = limit.saturating_sub(self.used);
        let reset = self.entries.back().map_or(0, |&(at, _)| left(at));
        let mut missing = cost.saturating_sub(remaining);
        let mut wait = 0;
        if cost > limit {
            (missing, wait) = (0, reset.max(window));
        }
        for &(at, cost) in &self.entries {
            if missing == 0 {
                break;
            }
            missing = missing.saturating_sub(cost);
            wait = left(at);
        }
        // Times of a log do not go back, whoever read the clock first.
        let mark = self.entries.back().map_or(now, |&(at, _)| at.max(now));
        Standing::raw(remaining, reset, wait, mark)
    }

    /// Takes `cost`, for which there was room.
    pub(super) fn take(&mut self, standing: &mut Standing, window: u64, now: u64, cost: u32) {
        if cost == 0 {
            return;
        }
        let at = standing.mark();
        self.entries.push_back((at, cost));
        self.used += cost;
        standing.set_taken(cost, at.saturating_add(window).saturating_sub(now));
    }

    /// Forgets `cost` of what was admitted at `mark`; nothing where that has left the window.
    pub(super) fn give_back(&mut self, cost: u32, mark: u64) {
        let found = self.entries.iter().rposition(|&entry| entry == (mark, cost));
        if let Some(found) = found {
            self.entries.remove(found);
            self.used -= cost;
        }
    }

    /// The bytes of its entries, whether in use or not.
    pub(super) fn room(&self) -> usize {
        self.entries.capacity() * size_of::<(u64, u32)>()
    }

    /// When nothing of it counts any more.
    pub(super) fn empty_at(&self, window: u64) -> u64 {
        self.entries.back().map_or(0, |&(at, _)| at.saturating_add(window))
    }
}
