//! How many requests somebody may make: 429 `rate-limit-exceeded` for who makes more.
//!
//! A [`Policy`] is one of three promises:
//!
//! | | in a window, never more than | at once | who asks all the time gets |
//! |---|---|---|---|
//! | [`Policy::smooth`] | twice the limit, right after a pause | the limit, or its burst | the limit |
//! | [`Policy::strict`] | the limit | its burst | the limit less the burst |
//! | [`Policy::exact`], at most 1000 | the limit | the limit | the limit |
//!
//! The first two are buckets that fill evenly, kept as one number for each key; the third keeps a log. What was given back counts as
//! never admitted.
//!
//! A [`Rule`] says under what a policy counts: [`ByAddress`], [`ByPrincipal`], [`ByApiKey`], [`ByTenant`], [`Together`], or what a
//! function says ([`by`]); what a request costs, and to which it applies. A [`RateLimitLayer`] decides all its rules at once, in one
//! question to a [`LimitStore`]: a request that one of them refuses is charged under none. A policy in shadow mode counts what it
//! would have refused, and lets it pass. Before authentication belongs a layer by address, which costs nothing but memory; after it
//! one with all others.
//!
//! Rules that ask who the sender is have another type, [`Identified`], of which there is no layer but
//! [`behind`](RateLimitLayer::behind) an [`AuthenticateLayer`](crate::authenticate::AuthenticateLayer) for that type of principals.
//! So whoever limits by principal has authenticated, or it does not compile. What the type cannot say: that a request has valid
//! credentials. To one that has none such rules do not apply, and a stack without [`ByAddress`] or [`ByAnonymousAddress`] does not
//! limit it. Nor can it keep a function ([`by`]) from reading headers that anybody can write.
//!
//! Answers, refusals too, carry `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10) and
//! `X-RateLimit-Limit`, `-Remaining` and `-Reset` for the policy that is closest to refusal; of several layers the closest of all.
//! `Retry-After` is rounded up and never zero. A decision allocates nothing for a key that is known; the headers that change are one
//! buffer for each answer.
//!
//! Each refusal, in shadow mode too, has a [`DecisionRecord`] in the extensions of its answer: guard, policy, the key's hash and the
//! numbers.
//!
//! The [`MemoryStore`] counts for one process, in bounded memory: see there what it does when it is full. Time is
//! [`tokio::time::Instant`], which does not step; the wall clock is read for `X-RateLimit-Reset` only.
//!
//! What this does not do: count together with other processes (another [`LimitStore`] does), remember anything after a restart, make
//! anybody wait, or bound how many requests are there at once.

mod behind;
mod charges;
mod decision;
mod future;
mod gcra;
mod hash;
mod headers;
mod keys;
mod layer;
mod limiter;
mod memory;
mod policy;
mod rules;
mod sliding_log;
mod store;
#[cfg(test)]
mod tests;

pub use behind::AuthenticatedLimitLayer;
pub use charges::{Charge, Charges};
pub use decision::{Decision, DecisionRecord, DecisionRecords, Part};
pub use future::RateLimitFuture;
pub use hash::{KeyHash, KeySeed};
pub use keys::{
    Anyone, Asked, ByAddress, ByAnonymousAddress, ByApiKey, ByFunction, ByPrincipal, ByTenant, Identified, KeyBy,
    Together, WithApiKey, WithTenant, by,
};
pub use layer::{RateLimitLayer, RateLimitService};
pub use limiter::Limiter;
pub use memory::{MemoryBounds, MemoryBoundsError, MemoryStore, MemoryUse};
pub use policy::{MAX_EXACT, Policy, PolicyError, Preset};
pub use rules::{Refusals, Rule, RulesError};
pub use store::{Answer, Basis, Charged, Intent, LimitStore, Question, Receipt, Standing, Unavailable, Verdict};
