use futures_util::future::BoxFuture;
use rusqlite::{OptionalExtension as _, params};
use seawall_store::{NewTicket, RunId, SecretHash, StoreResult, TenantId, TicketRecord, TicketStore};

use crate::SqliteStore;
use crate::codec::{tenant_at, time_at};
use crate::identity_codec::text_at;
use crate::ops;
use crate::writer::Lane;

impl TicketStore for SqliteStore {
    fn issue_ticket<'a>(&'a self, tenant: &'a TenantId, new: NewTicket) -> BoxFuture<'a, StoreResult<TicketRecord>> {
        let tenant = tenant.clone();
        Box::pin(self.writer.submit(Lane::Client, ops::IssueTicket { tenant, new }))
    }

    fn ticket(&self, run: RunId, hash: SecretHash) -> BoxFuture<'_, StoreResult<Option<TicketRecord>>> {
        let now = self.clock.now();
        Box::pin(self.readers.read(move |conn| {
            let found = conn
                .prepare_cached(
                    "SELECT t.name, k.principal, k.expires_at FROM tickets k
                     CROSS JOIN tenants t ON t.tenant_no = k.tenant_no
                     WHERE k.hash = ?1 AND k.run = ?2 AND k.expires_at > ?3",
                )?
                .query_row(
                    params![hash.as_bytes(), run.uuid().as_bytes(), now.as_millis()],
                    |row| {
                        Ok(TicketRecord {
                            tenant: tenant_at(row, 0)?,
                            run,
                            principal: text_at(row, 1, "principal")?,
                            expires_at: time_at(row, 2)?,
                        })
                    },
                )
                .optional()?;
            Ok(found)
        }))
    }

    fn forget_tickets(&self, limit: u32) -> BoxFuture<'_, StoreResult<u32>> {
        Box::pin(self.writer.submit(Lane::Client, ops::ForgetTickets { limit }))
    }
}
