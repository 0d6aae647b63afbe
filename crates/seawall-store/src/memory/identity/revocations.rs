use std::time::Duration;

use futures_util::future::BoxFuture;

use super::rows::{before, count};
use crate::error::StoreResult;
use crate::memory::fault::StoreOp;
use crate::memory::store::MemoryStore;
use crate::records::{RevocationNo, Revocations};
use crate::roles::RevocationStore;

impl RevocationStore for MemoryStore {
    fn last_revocation(&self) -> BoxFuture<'_, StoreResult<RevocationNo>> {
        Box::pin(async move { self.call(StoreOp::Read, None, |state, _| Ok(state.identity.last_revocation)) })
    }

    fn revocations(&self, after: RevocationNo, limit: u32) -> BoxFuture<'_, StoreResult<Revocations>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let (kept, last) = (&state.identity.revocations, state.identity.last_revocation);
                let limit = limit.min(Revocations::MAX) as usize;
                let items: Vec<_> = kept
                    .iter()
                    .filter(|item| item.no > after)
                    .take(limit)
                    .copied()
                    .collect();
                let first_kept = kept.first().map_or(last.0 + 1, |item| item.no.0);
                let missed = after > last || after.0 + 1 < first_kept;
                let next = match items.last() {
                    Some(item) => item.no,
                    None if missed => last,
                    None => after,
                };
                Ok(Revocations { items, next, missed })
            })
        })
    }

    fn forget_revocations(&self, kept_for: Duration, limit: u32) -> BoxFuture<'_, StoreResult<u32>> {
        Box::pin(async move {
            self.call(StoreOp::Identity, None, |state, now| {
                let since = before(now, kept_for);
                let kept = &mut state.identity.revocations;
                let over = kept
                    .iter()
                    .take(limit as usize)
                    .take_while(|item| item.at < since)
                    .count();
                kept.drain(..over);
                Ok(count(over))
            })
        })
    }
}
