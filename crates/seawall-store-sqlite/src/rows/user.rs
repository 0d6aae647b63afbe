use rusqlite::{Connection, OptionalExtension as _, Row, params};
use seawall_store::{LoginUser, TenantId, UserId, UserRecord};

use super::user_query;
use crate::codec::{count_at, maybe_time_at, tenant_at, time_at, uuid_at};
use crate::identity_codec::{password_at, role_at, text_at};

/// A user with its number.
pub(crate) struct NumberedUser {
    pub(crate) user_no: i64,
    pub(crate) user: LoginUser,
}

/// A row of `sql/user_columns.sql`.
pub(crate) fn user(row: &Row<'_>) -> rusqlite::Result<NumberedUser> {
    Ok(NumberedUser {
        user_no: row.get(0)?,
        user: LoginUser {
            tenant: tenant_at(row, 1)?,
            password: password_at(row, 4)?,
            record: UserRecord {
                id: uuid_at(row, 2).map(UserId::from_uuid)?,
                email: text_at(row, 3, "e-mail address")?,
                role: role_at(row, 5)?,
                active: row.get(6)?,
                version: count_at(row, 7, "version")?,
                created_at: time_at(row, 8)?,
                updated_at: time_at(row, 9)?,
                last_login_at: maybe_time_at(row, 10)?,
                attempts: row.get(11)?,
                locked_until: maybe_time_at(row, 12)?,
            },
        },
    })
}

pub(crate) fn user_by_id(conn: &Connection, tenant: &TenantId, id: UserId) -> rusqlite::Result<Option<NumberedUser>> {
    conn.prepare_cached(user_query!("WHERE u.id = ?1 AND t.name = ?2"))?
        .query_row(params![id.uuid().as_bytes(), tenant.as_str()], user)
        .optional()
}
