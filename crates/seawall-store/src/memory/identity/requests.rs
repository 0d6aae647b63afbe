use futures_util::future::BoxFuture;

use super::rows::{RequestRow, count};
use crate::error::StoreResult;
use crate::ids::{Digest, TenantId};
use crate::memory::fault::StoreOp;
use crate::memory::state::State;
use crate::memory::store::MemoryStore;
use crate::records::{ClaimId, Finish, RequestClaim, RequestState};
use crate::roles::IdempotencyStore;
use crate::time::Timestamp;

impl State {
    fn begin_request(&mut self, tenant: &TenantId, claim: RequestClaim, now: Timestamp) -> RequestState {
        let name = (tenant.clone(), claim.key);
        let known = self.identity.requests.get_mut(&name).filter(|row| now < row.expires_at);
        let Some(row) = known else {
            let row = RequestRow {
                fingerprint: claim.fingerprint,
                claim: claim.claim,
                leased_until: now.saturating_add(claim.lease),
                expires_at: now.saturating_add(claim.ttl),
                finish: None,
            };
            self.identity.requests.insert(name, row);
            return RequestState::Started;
        };
        if row.fingerprint != claim.fingerprint {
            return RequestState::Differs;
        }
        match &row.finish {
            Some(Finish::Answer(answer)) => RequestState::Replay(answer.clone()),
            Some(Finish::Withheld) => RequestState::ReplayForbidden,
            None if row.claim == claim.claim => RequestState::Started,
            None if now < row.leased_until => RequestState::InUse,
            None => {
                row.claim = claim.claim;
                row.leased_until = now.saturating_add(claim.lease);
                RequestState::Started
            }
        }
    }

    fn claimed_request(
        &mut self,
        tenant: &TenantId,
        key: Digest,
        claim: ClaimId,
        now: Timestamp,
    ) -> Option<&mut RequestRow> {
        let row = self.identity.requests.get_mut(&(tenant.clone(), key));
        row.filter(|row| row.claim == claim && now < row.expires_at)
    }
}

impl IdempotencyStore for MemoryStore {
    fn begin_request<'a>(
        &'a self,
        tenant: &'a TenantId,
        claim: RequestClaim,
    ) -> BoxFuture<'a, StoreResult<RequestState>> {
        Box::pin(async move {
            self.call(StoreOp::Identity, None, |state, now| {
                Ok(state.begin_request(tenant, claim, now))
            })
        })
    }

    fn finish_request<'a>(
        &'a self,
        tenant: &'a TenantId,
        key: Digest,
        claim: ClaimId,
        finish: Finish,
    ) -> BoxFuture<'a, StoreResult<bool>> {
        Box::pin(async move {
            self.call(StoreOp::Identity, None, |state, now| {
                let Some(row) = state.claimed_request(tenant, key, claim, now) else {
                    return Ok(false);
                };
                row.finish.get_or_insert(finish);
                Ok(true)
            })
        })
    }

    fn release_request<'a>(
        &'a self,
        tenant: &'a TenantId,
        key: Digest,
        claim: ClaimId,
    ) -> BoxFuture<'a, StoreResult<bool>> {
        Box::pin(async move {
            self.call(StoreOp::Identity, None, |state, now| {
                let row = state.claimed_request(tenant, key, claim, now);
                let open = row.is_some_and(|row| row.finish.is_none());
                if open {
                    state.identity.requests.remove(&(tenant.clone(), key));
                }
                Ok(open)
            })
        })
    }

    fn forget_requests(&self, limit: u32) -> BoxFuture<'_, StoreResult<u32>> {
        Box::pin(async move {
            self.call(StoreOp::Identity, None, |state, now| {
                let requests = &mut state.identity.requests;
                let over = requests.iter().filter(|(_, row)| row.expires_at <= now);
                let over: Vec<_> = over.map(|(name, _)| name.clone()).take(limit as usize).collect();
                for name in &over {
                    requests.remove(name);
                }
                Ok(count(over.len()))
            })
        })
    }
}
