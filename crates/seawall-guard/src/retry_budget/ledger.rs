//! The arithmetic of a budget: whole numbers, and time as a number that comes in.

use std::time::Duration;

/// One repeat. So large that what a nanosecond deposits is a whole number.
pub(super) const TOKEN: u64 = 1_000_000_000;

/// A deposit lives this many slots, its own included.
pub(super) const SLOTS: u64 = 40;

/// Where a slot is full: so that the sum of all fits.
const MAX_SLOT: u64 = u64::MAX / (SLOTS * 2);

/// What is deposited, and for how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Rates {
    /// By each call.
    pub(super) deposit: u64,
    /// By each nanosecond: that is, tokens by each second.
    pub(super) per_nano: u64,
    pub(super) slot_nanos: u64,
}

impl Rates {
    /// The figures are in their bounds (see [`RetryBudget::new`](super::RetryBudget::new)): nothing here overflows.
    pub(super) fn new(percent: u32, per_second: u32, expiry: Duration) -> Self {
        let expiry = u64::try_from(expiry.as_nanos()).unwrap_or(u64::MAX);
        Self {
            deposit: u64::from(percent) * (TOKEN / 100),
            per_nano: u64::from(per_second),
            slot_nanos: expiry / SLOTS,
        }
    }

    pub(super) const fn expiry(self) -> u64 {
        self.slot_nanos * SLOTS
    }
}

/// What was deposited and is neither spent nor over.
#[derive(Debug)]
pub(super) struct Ledger {
    /// Times are from one expiry before the beginning on: what time deposited until then is there from the start.
    now: u64,
    /// What calls deposited, by slots of time; slot `n` at `n % SLOTS`.
    slots: [u64; SLOTS as usize],
    /// Their sum.
    called: u64,
    /// Slots before this one hold nothing.
    oldest: u64,
    /// What time deposited is what it did from here on.
    spent_until: u64,
    pub(super) counts: Counts,
}

#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Counts {
    pub(super) deposited: u64,
    pub(super) withdrawn: u64,
    pub(super) returned: u64,
    pub(super) refused: u64,
}

/// Where a withdrawn token came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    /// From calls: so much, the oldest of it from this slot.
    from_slots: u64,
    slot: u64,
    /// From time: what it deposited from then on, so many nanoseconds of it.
    from: u64,
    nanos: u64,
}

impl Ledger {
    pub(super) fn new(rates: Rates) -> Self {
        Self {
            now: rates.expiry(),
            slots: [0; SLOTS as usize],
            called: 0,
            oldest: 0,
            spent_until: 0,
            counts: Counts::default(),
        }
    }

    /// `at`, here and below: nanoseconds since the beginning. Who comes with a time that is over comes now.
    pub(super) fn deposit(&mut self, rates: Rates, at: u64) {
        self.advance(rates, at);
        self.put(self.now / rates.slot_nanos, rates.deposit);
        self.counts.deposited += 1;
    }

    pub(super) fn balance(&mut self, rates: Rates, at: u64) -> u64 {
        self.advance(rates, at);
        self.called + (self.now - self.spent_until) * rates.per_nano
    }

    pub(super) fn withdraw(&mut self, rates: Rates, at: u64) -> Option<Taken> {
        if self.balance(rates, at) < TOKEN {
            self.counts.refused += 1;
            return None;
        }
        let newest = self.now / rates.slot_nanos;
        let mut taken = Taken {
            from_slots: 0,
            slot: newest,
            from: self.spent_until,
            nanos: 0,
        };
        let wanted = self.called.min(TOKEN);
        let mut slot = self.oldest.max((newest + 1).saturating_sub(SLOTS));
        while taken.from_slots < wanted {
            let held = &mut self.slots[place(slot)];
            let part = (*held).min(wanted - taken.from_slots);
            if part > 0 && taken.from_slots == 0 {
                taken.slot = slot;
            }
            *held -= part;
            taken.from_slots += part;
            self.oldest = slot;
            slot += 1;
        }
        self.called -= wanted;
        if wanted < TOKEN {
            // The balance says that time has deposited the rest, so it deposits something.
            taken.nanos = (TOKEN - wanted).div_ceil(rates.per_nano.max(1));
            self.spent_until += taken.nanos;
        }
        self.counts.withdrawn += 1;
        Some(taken)
    }

    /// What is over by now is not given back. What came from calls is as old again as the oldest of it was; what came from time
    /// is what was spent of it last, for others that were withdrawn later could have had the older part.
    pub(super) fn give_back(&mut self, rates: Rates, at: u64, taken: Taken) {
        self.advance(rates, at);
        if taken.slot + SLOTS > self.now / rates.slot_nanos {
            self.put(taken.slot, taken.from_slots);
        }
        let oldest = self.now - rates.expiry();
        let living = (taken.from + taken.nanos).saturating_sub(taken.from.max(oldest));
        self.spent_until = self.spent_until.saturating_sub(living).max(oldest);
        self.counts.withdrawn -= 1;
        self.counts.returned += 1;
    }

    fn put(&mut self, slot: u64, amount: u64) {
        let held = &mut self.slots[place(slot)];
        let added = amount.min(MAX_SLOT.saturating_sub(*held));
        *held += added;
        self.oldest = if self.called == 0 { slot } else { self.oldest.min(slot) };
        self.called += added;
    }

    /// Forgets what is over: at most all slots, however long nobody came.
    fn advance(&mut self, rates: Rates, at: u64) {
        let before = self.now / rates.slot_nanos;
        // Half of all time is 292 years.
        self.now = self.now.max(at.min(u64::MAX / 2) + rates.expiry());
        let passed = self.now / rates.slot_nanos - before;
        for slot in 1..=passed.min(SLOTS) {
            let held = &mut self.slots[place(before + slot)];
            self.called -= *held;
            *held = 0;
        }
        self.spent_until = self.spent_until.max(self.now - rates.expiry());
    }
}

fn place(slot: u64) -> usize {
    usize::try_from(slot % SLOTS).unwrap_or_default()
}

#[cfg(test)]
mod tests;
