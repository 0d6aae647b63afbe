use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::{Digest, TenantId};
use crate::records::{ClaimId, Finish, RequestClaim, RequestState};

/// Requests that happen once however often they are sent, and the answers that are kept for their repetitions. Runs have a
/// key of their own, in the change that creates them.
///
/// A request that ends neither way, because its node died, can be begun again after its lease. Whether it had done
/// anything by then is not known here: what creates should make its id follow from the key where that matters.
pub trait IdempotencyStore: Send + Sync + 'static {
    /// Begins a request, or says what became of it. One whose key's time is over has never been. `Differs` comes before
    /// everything else. The same claim again is `Started` again: it is a repetition of the call itself.
    ///
    /// # Errors
    /// `Busy` when the write queue is full.
    fn begin_request<'a>(
        &'a self,
        tenant: &'a TenantId,
        claim: RequestClaim,
    ) -> BoxFuture<'a, StoreResult<RequestState>>;

    /// Keeps how the request ended. False: the claim counts no more, because its lease was over and somebody else has begun
    /// the request, or the key's time is over; nothing has changed. A repetition of the call is true.
    ///
    /// # Errors
    /// `Busy`.
    fn finish_request<'a>(
        &'a self,
        tenant: &'a TenantId,
        key: Digest,
        claim: ClaimId,
        finish: Finish,
    ) -> BoxFuture<'a, StoreResult<bool>>;

    /// Gives the key back: the request did nothing and may be repeated, also as another one. False: the claim counts no
    /// more, or the request is finished; nothing has changed.
    ///
    /// # Errors
    /// `Busy`.
    fn release_request<'a>(
        &'a self,
        tenant: &'a TenantId,
        key: Digest,
        claim: ClaimId,
    ) -> BoxFuture<'a, StoreResult<bool>>;

    /// Forgets at most `limit` requests of all tenants whose key's time is over, and answers how many.
    ///
    /// # Errors
    /// `Busy`.
    fn forget_requests(&self, limit: u32) -> BoxFuture<'_, StoreResult<u32>>;
}
