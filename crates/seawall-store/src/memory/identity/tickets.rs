use futures_util::future::BoxFuture;

use super::rows::count;
use crate::error::{StoreError, StoreResult};
use crate::ids::{RunId, TenantId};
use crate::memory::fault::StoreOp;
use crate::memory::store::MemoryStore;
use crate::records::{NewTicket, SecretHash, TicketRecord};
use crate::roles::TicketStore;

impl TicketStore for MemoryStore {
    fn issue_ticket<'a>(&'a self, tenant: &'a TenantId, new: NewTicket) -> BoxFuture<'a, StoreResult<TicketRecord>> {
        Box::pin(async move {
            self.call(StoreOp::Identity, None, |state, now| {
                state.run_by_id(tenant, new.run)?;
                if state.identity.tickets.contains_key(&new.hash) {
                    return Err(StoreError::Exists);
                }
                let ticket = TicketRecord {
                    tenant: tenant.clone(),
                    run: new.run,
                    principal: new.principal,
                    expires_at: now.saturating_add(new.lives),
                };
                state.identity.tickets.insert(new.hash, ticket.clone());
                Ok(ticket)
            })
        })
    }

    fn ticket(&self, run: RunId, hash: SecretHash) -> BoxFuture<'_, StoreResult<Option<TicketRecord>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, now| {
                let ticket = state.identity.tickets.get(&hash);
                Ok(ticket
                    .filter(|ticket| ticket.run == run && now < ticket.expires_at)
                    .cloned())
            })
        })
    }

    fn forget_tickets(&self, limit: u32) -> BoxFuture<'_, StoreResult<u32>> {
        Box::pin(async move {
            self.call(StoreOp::Identity, None, |state, now| {
                let tickets = &mut state.identity.tickets;
                let over = tickets.iter().filter(|(_, ticket)| ticket.expires_at <= now);
                let over: Vec<_> = over.map(|(hash, _)| *hash).take(limit as usize).collect();
                for hash in &over {
                    tickets.remove(hash);
                }
                Ok(count(over.len()))
            })
        })
    }
}
