use futures_util::future::BoxFuture;
use seawall_store::{ClaimId, Digest, Finish, IdempotencyStore, RequestClaim, RequestState, StoreResult, TenantId};

use crate::SqliteStore;
use crate::ops;
use crate::writer::Lane;

impl IdempotencyStore for SqliteStore {
    fn begin_request<'a>(
        &'a self,
        tenant: &'a TenantId,
        claim: RequestClaim,
    ) -> BoxFuture<'a, StoreResult<RequestState>> {
        let tenant = tenant.clone();
        Box::pin(self.writer.submit(Lane::Client, ops::BeginRequest { tenant, claim }))
    }

    fn finish_request<'a>(
        &'a self,
        tenant: &'a TenantId,
        key: Digest,
        claim: ClaimId,
        finish: Finish,
    ) -> BoxFuture<'a, StoreResult<bool>> {
        let finish = ops::FinishRequest {
            tenant: tenant.clone(),
            key,
            claim,
            finish,
        };
        Box::pin(self.writer.submit(Lane::Client, finish))
    }

    fn release_request<'a>(
        &'a self,
        tenant: &'a TenantId,
        key: Digest,
        claim: ClaimId,
    ) -> BoxFuture<'a, StoreResult<bool>> {
        let tenant = tenant.clone();
        Box::pin(
            self.writer
                .submit(Lane::Client, ops::ReleaseRequest { tenant, key, claim }),
        )
    }

    fn forget_requests(&self, limit: u32) -> BoxFuture<'_, StoreResult<u32>> {
        Box::pin(self.writer.submit(Lane::Client, ops::ForgetRequests { limit }))
    }
}
