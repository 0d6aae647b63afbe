use rusqlite::{Connection, OptionalExtension as _, Row};
use seawall_store::{AuditBody, AuditEntry, AuditHead, AuditRecord};

use crate::codec::{count_at, time_at};
use crate::identity_codec::{details_at, mac_at, maybe_text_at, outcome_at, text_at};

/// A row of `sql/audit_columns.sql`.
pub(crate) fn audit(row: &Row<'_>) -> rusqlite::Result<AuditRecord> {
    Ok(AuditRecord {
        body: AuditBody {
            seq: count_at(row, 0, "place")?,
            at: time_at(row, 1)?,
            entry: AuditEntry {
                actor: text_at(row, 2, "principal")?,
                action: text_at(row, 3, "action")?,
                object: maybe_text_at(row, 4, "object")?,
                outcome: outcome_at(row, 5)?,
                request: maybe_text_at(row, 6, "request id")?,
                details: details_at(row, 7)?,
            },
            previous: mac_at(row, 8)?,
        },
        mac: mac_at(row, 9)?,
    })
}

/// How far the tenant's chain goes.
pub(crate) fn audit_head(conn: &Connection, tenant: &str) -> rusqlite::Result<AuditHead> {
    let head = conn
        .prepare_cached(
            "SELECT seq, mac FROM audit_heads WHERE tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1)",
        )?
        .query_row([tenant], |row| {
            Ok(AuditHead {
                seq: count_at(row, 0, "place")?,
                mac: mac_at(row, 1)?,
            })
        })
        .optional()?;
    Ok(head.unwrap_or(AuditHead::EMPTY))
}
