use futures_util::future::BoxFuture;
use seawall_store::{
    NewAudit, NewSession, NewToken, Rotation, SecretHash, SessionBegun, SessionId, SessionRecord, SessionRevoked,
    SessionStore, StoreResult, TenantId, UserId,
};

use crate::SqliteStore;
use crate::ops;
use crate::rows::session_by_id;
use crate::writer::Lane;

impl SessionStore for SqliteStore {
    fn begin_session<'a>(
        &'a self,
        tenant: &'a TenantId,
        new: NewSession,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<SessionBegun>> {
        let tenant = tenant.clone();
        Box::pin(
            self.writer
                .submit(Lane::Client, ops::BeginSession { tenant, new, audit }),
        )
    }

    fn rotate_token(&self, presented: SecretHash, next: NewToken) -> BoxFuture<'_, StoreResult<Rotation>> {
        Box::pin(self.writer.submit(Lane::Client, ops::RotateToken { presented, next }))
    }

    fn session<'a>(&'a self, tenant: &'a TenantId, id: SessionId) -> BoxFuture<'a, StoreResult<Option<SessionRecord>>> {
        let tenant = tenant.clone();
        Box::pin(
            self.readers
                .read(move |conn| Ok(session_by_id(conn, &tenant, id)?.map(|found| found.record))),
        )
    }

    fn revoke_session<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: SessionId,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<SessionRevoked>> {
        let tenant = tenant.clone();
        Box::pin(
            self.writer
                .submit(Lane::Client, ops::RevokeSession { tenant, id, audit }),
        )
    }

    fn revoke_sessions_of<'a>(
        &'a self,
        tenant: &'a TenantId,
        user: UserId,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<u32>> {
        let tenant = tenant.clone();
        Box::pin(
            self.writer
                .submit(Lane::Client, ops::RevokeSessionsOf { tenant, user, audit }),
        )
    }

    fn forget_sessions(&self, limit: u32) -> BoxFuture<'_, StoreResult<u32>> {
        Box::pin(self.writer.submit(Lane::Client, ops::ForgetSessions { limit }))
    }
}
