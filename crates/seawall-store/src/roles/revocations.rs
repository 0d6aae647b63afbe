use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::records::{RevocationNo, Revocations};

/// What nodes that keep keys and sessions in memory have to know: which of them count no more. Of all tenants, because a
/// node keeps those of all; numbered in the order in which they happened, so that a node asks only for what is new.
pub trait RevocationStore: Send + Sync + 'static {
    /// Where whoever keeps nothing yet begins.
    fn last_revocation(&self) -> BoxFuture<'_, StoreResult<RevocationNo>>;

    /// Those after a place, at most `limit` (and at most [`Revocations::MAX`]).
    fn revocations(&self, after: RevocationNo, limit: u32) -> BoxFuture<'_, StoreResult<Revocations>>;

    /// Forgets, from the first on, at most `limit` that happened longer ago than `kept_for`, and answers how many. Keep them
    /// for longer than any node keeps what was not revoked.
    ///
    /// # Errors
    /// `Busy` when the write queue is full.
    fn forget_revocations(&self, kept_for: Duration, limit: u32) -> BoxFuture<'_, StoreResult<u32>>;
}
