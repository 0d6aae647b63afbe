//! How many repeats a client may send, so that it does not make worse what is already broken.
//!
//! A limit of attempts is a limit for each call: when everything fails, three attempts are three times the load. A budget is
//! one for all calls: each call deposits a part of a repeat, time deposits some too, for clients that call seldom, and each
//! repeat takes one. With 20 % and 10 a second, however much fails, a client sends 20 % more, and 10 a second.
//!
//! Deposits expire. They are kept in slots of a 40th of their life: a deposit counts for all of its life but a slot at least, and
//! never longer. What calls deposited is spent first and the oldest of it first, then what time deposited, which is there in
//! full at the start. A withdrawal that is not spent (the caller gave up before the repeat was sent) is given back.
//!
//! Clones share a budget, and so should the guards that repeat the same calls: [`RetryBudget::drawing`] is for the inner of
//! two, so that a call deposits once. Memory is fixed (0.5 KiB), a deposit and a withdrawal cost the same whatever happened before,
//! and the lock is held for that long. What this does not do: share a budget between processes.
//!
//! ```
//! use seawall_guard::retry_budget::RetryBudget;
//!
//! let budget = RetryBudget::default();
//! budget.deposit();
//! match budget.withdraw() {
//!     Some(withdrawal) => withdrawal.spend(), // and send the repeat
//!     None => {}                              // fail with what there is
//! }
//! assert_eq!(budget.snapshot().withdrawn, 1);
//! ```

mod budget;
mod ledger;

pub use budget::{BudgetSnapshot, InvalidBudget, RetryBudget, Withdrawal};
