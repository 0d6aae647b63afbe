use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::ledger::{Ledger, Rates, TOKEN, Taken};

const MAX_PERCENT: u32 = 1_000;
const MAX_PER_SECOND: u32 = 1_000_000;
const MIN_EXPIRY: Duration = Duration::from_secs(1);
const MAX_EXPIRY: Duration = Duration::from_secs(60);

/// Why a budget cannot be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidBudget {
    #[error("percent is {0}: at most {MAX_PERCENT} repeats for 100 calls make sense")]
    Percent(u32),
    #[error("per_second is {0}: at most {MAX_PER_SECOND} repeats a second are counted")]
    PerSecond(u32),
    #[error("expiry is {0:?}: deposits last from {MIN_EXPIRY:?} to {MAX_EXPIRY:?}")]
    Expiry(Duration),
}

/// A budget of repeats. Clones share it.
#[derive(Clone, Debug)]
pub struct RetryBudget {
    shared: Arc<Shared>,
    deposits: bool,
}

#[derive(Debug)]
struct Shared {
    began: Instant,
    rates: Rates,
    ledger: Mutex<Ledger>,
}

/// What a budget holds, and what happened to it since it was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BudgetSnapshot {
    /// The repeats that could be sent now.
    pub balance: u64,
    pub deposited: u64,
    /// Repeats that were sent, and such that are about to be.
    pub withdrawn: u64,
    /// Withdrawals that were given back.
    pub returned: u64,
    /// Repeats that were not sent for want of budget.
    pub refused: u64,
}

impl RetryBudget {
    /// `percent` of the calls may be repeated, and `per_second` more; deposits last `expiry`.
    ///
    /// # Errors
    /// More than 1,000 %, more than 1,000,000 a second, or an expiry outside 1 to 60 s.
    pub fn new(percent: u32, per_second: u32, expiry: Duration) -> Result<Self, InvalidBudget> {
        if percent > MAX_PERCENT {
            return Err(InvalidBudget::Percent(percent));
        }
        if per_second > MAX_PER_SECOND {
            return Err(InvalidBudget::PerSecond(per_second));
        }
        if !(MIN_EXPIRY..=MAX_EXPIRY).contains(&expiry) {
            return Err(InvalidBudget::Expiry(expiry));
        }
        Ok(Self::with(Rates::new(percent, per_second, expiry)))
    }

    fn with(rates: Rates) -> Self {
        Self {
            shared: Arc::new(Shared {
                began: Instant::now(),
                rates,
                ledger: Mutex::new(Ledger::new(rates)),
            }),
            deposits: true,
        }
    }

    /// The same budget, for a guard inside another that deposits each call already.
    #[must_use]
    pub fn drawing(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            deposits: false,
        }
    }

    /// There was a call. Its repeats are none.
    pub fn deposit(&self) {
        if self.deposits {
            let at = self.shared.at();
            self.shared.ledger.lock().deposit(self.shared.rates, at);
        }
    }

    /// The right to send one repeat; none if the budget does not hold it.
    #[must_use]
    pub fn withdraw(&self) -> Option<Withdrawal> {
        let at = self.shared.at();
        let taken = self.shared.ledger.lock().withdraw(self.shared.rates, at)?;
        Some(Withdrawal {
            shared: Arc::clone(&self.shared),
            taken: Some(taken),
        })
    }

    #[must_use]
    pub fn snapshot(&self) -> BudgetSnapshot {
        let at = self.shared.at();
        let mut ledger = self.shared.ledger.lock();
        let balance = ledger.balance(self.shared.rates, at) / TOKEN;
        let counts = ledger.counts;
        BudgetSnapshot {
            balance,
            deposited: counts.deposited,
            withdrawn: counts.withdrawn,
            returned: counts.returned,
            refused: counts.refused,
        }
    }
}

impl Default for RetryBudget {
    /// 20 % of the calls and 10 a second; deposits last 10 s.
    fn default() -> Self {
        Self::with(Rates::new(20, 10, Duration::from_secs(10)))
    }
}

impl Shared {
    /// Nanoseconds since the budget was made; 584 years fit.
    fn at(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// The right to send one repeat. Dropped without [`spend`](Self::spend), it goes back.
#[derive(Debug)]
#[must_use = "dropped, it goes back to the budget"]
pub struct Withdrawal {
    shared: Arc<Shared>,
    // None: spent.
    taken: Option<Taken>,
}

impl Withdrawal {
    /// The repeat is sent.
    pub fn spend(mut self) {
        self.taken = None;
    }
}

impl Drop for Withdrawal {
    fn drop(&mut self) {
        if let Some(taken) = self.taken.take() {
            let at = self.shared.at();
            self.shared.ledger.lock().give_back(self.shared.rates, at, taken);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn clones_share_a_budget_and_the_inner_of_two_guards_deposits_nothing() {
        let outer = RetryBudget::new(100, 0, Duration::from_secs(10)).unwrap();
        let inner = outer.drawing();
        outer.clone().deposit();
        inner.deposit();
        assert_eq!(inner.snapshot().balance, 1);
        inner.withdraw().unwrap().spend();
        assert!(outer.withdraw().is_none());
        let expected = BudgetSnapshot {
            balance: 0,
            deposited: 1,
            withdrawn: 1,
            returned: 0,
            refused: 1,
        };
        assert_eq!(outer.snapshot(), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_spent_goes_back() {
        let budget = RetryBudget::new(100, 0, Duration::from_secs(10)).unwrap();
        budget.deposit();
        let withdrawal = budget.withdraw();
        assert!(withdrawal.is_some() && budget.withdraw().is_none());
        drop(withdrawal);
        assert_eq!((budget.snapshot().balance, budget.snapshot().returned), (1, 1));
        let late = budget.withdraw();
        tokio::time::advance(Duration::from_secs(10)).await;
        drop(late);
        assert_eq!(budget.snapshot().balance, 0, "its deposit is over");
    }

    #[tokio::test(start_paused = true)]
    async fn the_usual_budget_is_a_fifth_of_the_calls_and_ten_a_second() {
        let budget = RetryBudget::default();
        let withdraw_all = || std::iter::from_fn(|| budget.withdraw().map(Withdrawal::spend)).count();
        assert_eq!(
            withdraw_all(),
            100,
            "a client that has just started has ten seconds' worth"
        );
        for _ in 0..1_000 {
            budget.deposit();
        }
        assert_eq!(withdraw_all(), 200);
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(withdraw_all(), 30);
        budget.deposit();
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(withdraw_all(), 100, "an hour is no more than ten seconds");
    }

    #[test]
    fn threads_take_no_more_than_there_is() {
        let budget = RetryBudget::new(20, 0, MAX_EXPIRY).unwrap();
        let withdraw = || {
            let both = (0..500).map(|_| {
                budget.deposit();
                budget.withdraw().map(Withdrawal::spend)
            });
            both.filter(Option::is_some).count()
        };
        let spent: usize = std::thread::scope(|scope| {
            let threads = [(); 8].map(|()| scope.spawn(withdraw));
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        let seen = budget.snapshot();
        assert_eq!((seen.deposited, seen.withdrawn), (4_000, spent as u64));
        assert_eq!(seen.balance + seen.withdrawn, 800);
    }

    #[test]
    fn figures_that_make_no_sense_are_named() {
        let second = Duration::from_secs(1);
        assert!(RetryBudget::new(1_000, 1_000_000, 60 * second).is_ok());
        for (budget, text) in [
            (RetryBudget::new(1_001, 10, second), "percent is 1001"),
            (RetryBudget::new(20, 1_000_001, second), "per_second is 1000001"),
            (RetryBudget::new(20, 10, second / 2), "expiry is 500ms"),
            (RetryBudget::new(20, 10, 61 * second), "expiry is 61s"),
        ] {
            let error = budget.unwrap_err().to_string();
            assert!(error.starts_with(text), "{error}");
        }
    }
}
