use proptest::prelude::*;

use super::*;

/// Times and what time deposits are whole numbers of this, in all that is tried here.
const QUANTUM: u64 = 20_000_000;

/// All deposits that ever were, each by itself.
struct Oracle {
    rates: Rates,
    /// Of calls: the slot, and what is left.
    calls: Vec<(u64, u64)>,
    /// Of time: for each quantum from one expiry before the beginning on, whether it is spent.
    spent: Vec<bool>,
    now: u64,
}

/// What was taken from the oracle: of calls, the slot of the oldest and how much; of time, which quanta.
#[derive(Clone, Copy)]
struct OracleTaken {
    slot: u64,
    from_calls: u64,
    first: usize,
    quanta: usize,
}

impl Oracle {
    fn new(rates: Rates) -> Self {
        let mut new = Self {
            rates,
            calls: Vec::new(),
            spent: Vec::new(),
            now: 0,
        };
        new.at(0);
        new
    }

    fn at(&mut self, at: u64) {
        self.now = at + self.rates.expiry();
        self.spent.resize(usize::try_from(self.now / QUANTUM).unwrap(), false);
    }

    fn lives(&self, slot: u64) -> bool {
        // To the end of its life, counted from where its slot begins.
        slot * self.rates.slot_nanos + self.rates.expiry() > self.now - self.now % self.rates.slot_nanos
    }

    /// How many quanta of time are over.
    fn over(&self) -> usize {
        usize::try_from((self.now - self.rates.expiry()) / QUANTUM).unwrap()
    }

    fn quantum(&self) -> u64 {
        QUANTUM * self.rates.per_nano
    }

    fn called(&self) -> u64 {
        let living = self.calls.iter().filter(|(slot, _)| self.lives(*slot));
        living.map(|(_, left)| left).sum()
    }

    fn balance(&self) -> u64 {
        let unspent = self.spent[self.over()..].iter().filter(|spent| !**spent).count() as u64;
        self.called() + unspent * self.quantum()
    }

    fn deposit(&mut self) {
        self.calls.push((self.now / self.rates.slot_nanos, self.rates.deposit));
    }

    fn withdraw(&mut self) -> Option<OracleTaken> {
        if self.balance() < TOKEN {
            return None;
        }
        let mut taken = OracleTaken {
            slot: 0,
            from_calls: 0,
            first: 0,
            quanta: 0,
        };
        self.calls.sort_unstable();
        for index in 0..self.calls.len() {
            let (slot, left) = self.calls[index];
            let part = left.min(TOKEN - taken.from_calls);
            if part > 0 && self.lives(slot) {
                if taken.from_calls == 0 {
                    taken.slot = slot;
                }
                taken.from_calls += part;
                self.calls[index].1 -= part;
            }
        }
        let rest = TOKEN - taken.from_calls;
        if rest > 0 {
            taken.quanta = usize::try_from(rest / self.quantum()).unwrap();
            let over = self.over();
            taken.first = over + self.spent[over..].iter().position(|spent| !spent).unwrap();
            let oldest = self.spent[over..].iter_mut().filter(|spent| !**spent);
            oldest.take(taken.quanta).for_each(|spent| *spent = true);
        }
        Some(taken)
    }

    fn give_back(&mut self, taken: OracleTaken) {
        self.calls.push((taken.slot, taken.from_calls));
        // As many of the youngest that were spent as are not over of its own.
        let over = self.over();
        let living = (taken.first + taken.quanta).saturating_sub(taken.first.max(over));
        let youngest = self.spent[over..].iter_mut().rev().filter(|spent| **spent);
        youngest.take(living).for_each(|spent| *spent = false);
    }
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Deposit,
    Withdraw,
    GiveBack(prop::sample::Index),
}

fn op() -> impl Strategy<Value = (u64, Op)> {
    // Mostly close together, at times so far that much or all is over.
    let wait = prop_oneof![6 => Just(0), 4 => 1..40u64, 2 => 1..400u64, 1 => 400..5_000u64];
    let op = prop_oneof![
        5 => Just(Op::Deposit),
        4 => Just(Op::Withdraw),
        1 => any::<prop::sample::Index>().prop_map(Op::GiveBack),
    ];
    (wait, op)
}

fn rates() -> impl Strategy<Value = Rates> {
    // So that each part of a token is a whole number of quanta.
    let percent = prop::sample::select(vec![0, 20, 40, 60, 100, 200]);
    let per_second = prop::sample::select(vec![0, 1, 2, 5, 10]);
    let expiry = prop::sample::select(vec![1, 4, 10, 60]);
    (percent, per_second, expiry)
        .prop_map(|(percent, per_second, expiry)| Rates::new(percent, per_second, Duration::from_secs(expiry)))
}

/// No stretch of time has more repeats than the calls and the time that count in it deposit.
fn never_more_than_deposited(rates: Rates, deposits: &[u64], spent: &[u64]) -> Result<(), TestCaseError> {
    for (index, from) in spent.iter().enumerate() {
        for (more, to) in spent[index..].iter().enumerate() {
            let counting = |at: &&u64| **at + rates.expiry() > *from && *at <= to;
            let called = deposits.iter().filter(counting).count() as u64 * rates.deposit;
            let timed = (to - from + rates.expiry()) * rates.per_nano;
            prop_assert!((more as u64 + 1) * TOKEN <= called + timed);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_balance_is_that_of_a_log_of_all_deposits(
        rates in rates(),
        ops in prop::collection::vec(op(), 1..120),
    ) {
        let (mut ledger, mut oracle) = (Ledger::new(rates), Oracle::new(rates));
        let (mut at, mut open, mut deposits, mut spent) = (0, Vec::new(), Vec::new(), Vec::new());
        for (wait, op) in ops {
            at += wait * QUANTUM;
            oracle.at(at);
            match op {
                Op::Deposit => {
                    ledger.deposit(rates, at);
                    oracle.deposit();
                    deposits.push(at);
                }
                Op::Withdraw => {
                    let (seen, exact) = (ledger.withdraw(rates, at), oracle.withdraw());
                    prop_assert_eq!(seen.is_some(), exact.is_some());
                    open.extend(seen.zip(exact).map(|both| (at, both)));
                }
                Op::GiveBack(which) if !open.is_empty() => {
                    let (_, (seen, exact)) = open.swap_remove(which.index(open.len()));
                    ledger.give_back(rates, at, seen);
                    oracle.give_back(exact);
                }
                Op::GiveBack(_) => {}
            }
            prop_assert_eq!(ledger.balance(rates, at), oracle.balance(), "after {:?} at {}", op, at);
        }
        spent.extend(open.iter().map(|(at, _)| *at));
        spent.sort_unstable();
        never_more_than_deposited(rates, &deposits, &spent)?;
    }

    #[test]
    fn a_deposit_counts_for_its_life_but_a_slot_and_never_longer(
        offset in 0..10_000_000_000u64,
        age in 0..12_000_000_000u64,
    ) {
        let rates = Rates::new(100, 0, Duration::from_secs(10));
        let mut ledger = Ledger::new(rates);
        ledger.deposit(rates, offset);
        let balance = ledger.balance(rates, offset + age);
        if age <= rates.expiry() - rates.slot_nanos {
            prop_assert_eq!(balance, TOKEN);
        }
        if age >= rates.expiry() {
            prop_assert_eq!(balance, 0);
        }
    }
}

#[test]
fn any_number_of_calls_and_any_time_fit() {
    let rates = Rates::new(1_000, 1_000_000, Duration::from_secs(60));
    let mut ledger = Ledger::new(rates);
    for slot in 0..SLOTS {
        ledger.put(SLOTS + slot, u64::MAX);
        ledger.put(SLOTS + slot, u64::MAX);
    }
    assert!(ledger.balance(rates, 0) > u64::MAX / 4);
    assert!(ledger.withdraw(rates, 0).is_some());
    ledger.deposit(rates, u64::MAX);
    assert_eq!(
        ledger.balance(rates, 0),
        rates.deposit + rates.expiry() * rates.per_nano
    );
}

#[test]
fn what_time_deposited_is_not_given_back_when_it_is_over() {
    let rates = Rates::new(0, 1, Duration::from_secs(1));
    let mut ledger = Ledger::new(rates);
    let first = ledger.withdraw(rates, 0).unwrap();
    assert!(ledger.withdraw(rates, TOKEN).is_some());
    ledger.give_back(rates, TOKEN, first);
    assert_eq!(ledger.balance(rates, TOKEN), 0, "one a second is one in this second");
}

#[test]
fn a_caller_whose_time_is_over_comes_now() {
    let rates = Rates::new(100, 0, Duration::from_secs(10));
    let mut ledger = Ledger::new(rates);
    ledger.deposit(rates, 5 * TOKEN);
    ledger.deposit(rates, 0);
    assert_eq!(ledger.balance(rates, 15 * TOKEN - rates.slot_nanos), 2 * TOKEN);
    assert_eq!(ledger.balance(rates, 15 * TOKEN), 0);
}
