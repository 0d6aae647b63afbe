//! Calls that are repeated: so often, after so long a wait, while it is of use, and only if that does no harm.
//!
//! A [`Retry`] is put together from a [`RetryPolicy`] and used as a function ([`Retry::call`]) or round a client ([`RetryLayer`]).
//! What keeps it from doing harm:
//!
//! - **Proof.** A call is repeated if it may be: its [`Terms`] say so, by the marker [`Idempotent`] (a value, or an extension of the
//!   request) or by a method that is idempotent (RFC 9110). An `Idempotency-Key` alone is no proof, since nobody knows whether the other side
//!   heeds it. A request whose body cannot be had twice is not repeated either: see [`RepeatBody`].
//! - **Deadline.** Neither an attempt nor a wait outlasts the policy's limit of all attempts together, or the
//!   request's deadline. A wait that would is not begun: the answer at hand is given at once.
//! - **Budget.** Each `Retry` has a [`RetryBudget`](crate::retry_budget::RetryBudget), its own or a shared one, and a repeat takes from it.
//! - **Sense.** [`Classify`] says what an answer or an error calls for. [`Transient`], for HTTP, repeats what may pass; a
//!   [`Verdict::BreakerOpen`] ends it at once, and so does the policy's [`stop_when`](RetryPolicy::stop_when), which is asked
//!   again before a repeat is sent.
//!
//! Waits grow by [`Backoff`] and are spread by a [`Jitter`] from a [`Chance`] that can be seeded. A `Retry-After` in seconds or as a date is
//! waited for; if it asks for more than the policy's longest, that is not cut short but the end.
//!
//! How it ended is an [`End`], in the [`Report`] of an [`Outcome`], of the policy's hook, or in the extensions of an answer that needed
//! more than its first attempt. Any of its futures can be dropped at any time: the call under way is dropped with it, and a repeat that was
//! not sent is given back to the budget. What passes at once is not allocated for, but for the copy of a request that may be
//! repeated. What this does not do: bound a single attempt (that is [`timeout`](crate::timeout)), remember answers, or open breakers.
//!
//! ```
//! use seawall_guard::retry::{AnyError, End, Idempotent, RetryPolicy};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
//! let retry = RetryPolicy::new(AnyError).with_max_attempts(4).build()?;
//! let outcome = retry
//!     .call(Idempotent, |attempt| async move {
//!         if attempt.number() < 3 { Err("not yet") } else { Ok("here") }
//!     })
//!     .await;
//! assert_eq!(outcome.result, Ok("here"));
//! assert_eq!((outcome.report.attempts, outcome.report.end), (3, End::Accepted));
//! # Ok::<_, seawall_guard::retry::InvalidRetry>(()) }).unwrap();
//! ```

mod backoff;
mod body;
mod call;
mod chance;
mod classify;
mod layer;
mod policy;
mod report;
mod retry_after;
mod run;
mod terms;
#[cfg(test)]
mod tests;
mod transient;

pub use backoff::{Backoff, Jitter};
pub use body::RepeatBody;
pub use call::{Failed, Outcome};
pub use chance::Chance;
pub use classify::{AnyError, ByError, Classify, Retryable, Verdict};
pub use layer::{RetryFuture, RetryLayer, RetryService};
pub use policy::{InvalidRetry, Retry, RetryPolicy};
pub use report::{Again, Attempt, End, Report};
pub use terms::{Idempotent, Terms};
pub use transient::Transient;

#[cfg(feature = "hedge")]
pub(crate) use body::copy_of;
