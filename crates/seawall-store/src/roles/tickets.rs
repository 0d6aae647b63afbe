use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::{RunId, TenantId};
use crate::records::{NewTicket, SecretHash, TicketRecord};

/// Tickets for browsers, whose EventSource sends no credential: each for one run and a short time.
///
/// A ticket counts as often as it is presented until it expires: an EventSource that lost its connection comes back with the
/// same address, and would be turned away from what it followed a moment ago. What a stolen one gives is bounded by its
/// one run and its time.
pub trait TicketStore: Send + Sync + 'static {
    /// Keeps a ticket for a run of the tenant.
    ///
    /// # Errors
    /// `NotFound` when the tenant has no such run; `Exists` when the hash is taken. `Busy` when the write queue is full.
    fn issue_ticket<'a>(&'a self, tenant: &'a TenantId, new: NewTicket) -> BoxFuture<'a, StoreResult<TicketRecord>>;

    /// The ticket, if it is one for this run and its time is not over. Takes no tenant: it is the ticket that says of which.
    fn ticket(&self, run: RunId, hash: SecretHash) -> BoxFuture<'_, StoreResult<Option<TicketRecord>>>;

    /// Forgets at most `limit` tickets of all tenants whose time is over, and answers how many.
    ///
    /// # Errors
    /// `Busy`.
    fn forget_tickets(&self, limit: u32) -> BoxFuture<'_, StoreResult<u32>>;
}
