use rusqlite::{Connection, OptionalExtension as _};
use seawall_store::TenantId;

/// The tenant's number. None: nothing of that tenant was ever written.
fn tenant_no(conn: &Connection, tenant: &TenantId) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached("SELECT tenant_no FROM tenants WHERE name = ?1")?
        .query_row([tenant.as_str()], |row| row.get(0))
        .optional()
}

/// Tenants come into being with their first record.
pub(crate) fn tenant_no_or_new(conn: &Connection, tenant: &TenantId) -> rusqlite::Result<i64> {
    if let Some(number) = tenant_no(conn, tenant)? {
        return Ok(number);
    }
    conn.prepare_cached("INSERT INTO tenants (name) VALUES (?1)")?
        .insert([tenant.as_str()])
}
