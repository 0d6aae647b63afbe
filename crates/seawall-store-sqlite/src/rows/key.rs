use rusqlite::{Connection, OptionalExtension as _, Row};
use seawall_store::{AuthKey, KeyEnd, KeyId, KeyRecord, TenantId};

use super::key_query;
use crate::codec::{maybe_time_at, tenant_at, time_at, uuid_at};
use crate::identity_codec::{hash_at, maybe_text_at, scopes_at, text_at};

/// A key with its number.
pub(crate) struct NumberedKey {
    pub(crate) key_no: i64,
    pub(crate) key: AuthKey,
}

/// A row of `sql/key_columns.sql`.
pub(crate) fn key(row: &Row<'_>) -> rusqlite::Result<NumberedKey> {
    let revoked = match (maybe_time_at(row, 10)?, maybe_text_at(row, 11, "principal")?) {
        (Some(at), Some(by)) => Some(KeyEnd { at, by }),
        _ => None,
    };
    Ok(NumberedKey {
        key_no: row.get(0)?,
        key: AuthKey {
            tenant: tenant_at(row, 1)?,
            hash: hash_at(row, 4)?,
            record: KeyRecord {
                id: uuid_at(row, 2).map(KeyId::from_uuid)?,
                name: text_at(row, 3, "key's name")?,
                scopes: scopes_at(row, 5)?,
                created_by: text_at(row, 6, "principal")?,
                created_at: time_at(row, 7)?,
                expires_at: maybe_time_at(row, 8)?,
                last_used_at: maybe_time_at(row, 9)?,
                revoked,
                admin: row.get(12)?,
            },
        },
    })
}

/// Whosever it is.
pub(crate) fn key_by_id(conn: &Connection, id: KeyId) -> rusqlite::Result<Option<NumberedKey>> {
    conn.prepare_cached(key_query!("WHERE k.id = ?1"))?
        .query_row([id.uuid().as_bytes()], key)
        .optional()
}

/// The last of those with which the tenant began.
pub(crate) fn last_admin_key(conn: &Connection, tenant: &TenantId) -> rusqlite::Result<Option<NumberedKey>> {
    conn.prepare_cached(key_query!(
        "WHERE k.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1) AND k.admin = 1
         ORDER BY k.key_no DESC LIMIT 1"
    ))?
    .query_row([tenant.as_str()], key)
    .optional()
}
