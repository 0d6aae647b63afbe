use futures_util::future::BoxFuture;
use rusqlite::{OptionalExtension as _, params};
use seawall_store::{
    Email, LockPolicy, LoginAttempt, LoginUser, NewAudit, NewUser, Page, PageOf, StoreResult, TenantId, UserChange,
    UserCreated, UserId, UserRecord, UserStore,
};

use super::lists::{below, list, wanted};
use crate::SqliteStore;
use crate::ops;
use crate::rows::{user, user_by_id, user_query};
use crate::writer::Lane;

impl UserStore for SqliteStore {
    fn create_user<'a>(
        &'a self,
        tenant: &'a TenantId,
        new: NewUser,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<UserCreated>> {
        let tenant = tenant.clone();
        Box::pin(self.writer.submit(Lane::Client, ops::CreateUser { tenant, new, audit }))
    }

    fn user_for_login<'a>(&'a self, email: &'a Email) -> BoxFuture<'a, StoreResult<Option<LoginUser>>> {
        let email = email.clone();
        Box::pin(self.readers.read(move |conn| {
            let found = conn
                .prepare_cached(user_query!("WHERE u.email = ?1"))?
                .query_row([email.as_str()], user)
                .optional()?;
            Ok(found.map(|found| found.user))
        }))
    }

    fn user<'a>(&'a self, tenant: &'a TenantId, id: UserId) -> BoxFuture<'a, StoreResult<Option<UserRecord>>> {
        let tenant = tenant.clone();
        Box::pin(
            self.readers
                .read(move |conn| Ok(user_by_id(conn, &tenant, id)?.map(|found| found.user.record))),
        )
    }

    fn list_users<'a>(&'a self, tenant: &'a TenantId, page: Page) -> BoxFuture<'a, StoreResult<PageOf<UserRecord>>> {
        let tenant = tenant.clone();
        Box::pin(self.readers.list(move |conn| {
            let sql = user_query!(
                "WHERE u.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1) AND u.user_no < ?2
                 ORDER BY u.user_no DESC LIMIT ?3"
            );
            let params = params![tenant.as_str(), below(page), wanted(page)];
            Ok(list(conn, sql, params, page, |row| {
                user(row).map(|found| (found.user_no, found.user.record))
            })?)
        }))
    }

    fn update_user<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: UserId,
        change: UserChange,
        expected: Option<u64>,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<UserRecord>> {
        let update = ops::UpdateUser {
            tenant: tenant.clone(),
            id,
            change,
            expected,
            audit,
        };
        Box::pin(self.writer.submit(Lane::Client, update))
    }

    fn delete_user<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: UserId,
        expected: Option<u64>,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<()>> {
        let delete = ops::DeleteUser {
            tenant: tenant.clone(),
            id,
            expected,
            audit,
        };
        Box::pin(self.writer.submit(Lane::Client, delete))
    }

    fn begin_login<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: UserId,
        policy: LockPolicy,
    ) -> BoxFuture<'a, StoreResult<LoginAttempt>> {
        let tenant = tenant.clone();
        Box::pin(self.writer.submit(Lane::Client, ops::BeginLogin { tenant, id, policy }))
    }
}
