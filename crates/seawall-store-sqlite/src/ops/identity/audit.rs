use rusqlite::params;
use seawall_store::{AuditObject, AuditRecord, NewAudit, RequestId, TenantId};

use crate::codec::int;
use crate::error::OpError;
use crate::identity_codec::outcome_code;
use crate::rows::{audit_head, tenant_no_or_new};
use crate::writer::{Operation, Tx};

pub(crate) struct AppendAudit {
    pub(crate) tenant: TenantId,
    pub(crate) new: NewAudit,
}

impl Operation for AppendAudit {
    type Answer = AuditRecord;

    fn run(&self, tx: &Tx<'_>) -> Result<AuditRecord, OpError> {
        append(tx, &self.tenant, &self.new)
    }

    fn payload(&self) -> usize {
        self.new.bytes()
    }
}

/// Appends the record that belongs to a change, if one does. Last in the change: the record is of what was done.
pub(super) fn write(tx: &Tx<'_>, tenant: &TenantId, audit: Option<&NewAudit>) -> Result<(), OpError> {
    match audit {
        Some(new) => append(tx, tenant, new).map(|_| ()),
        None => Ok(()),
    }
}

/// Bytes that wait in memory with a change's record.
pub(super) fn bytes(audit: Option<&NewAudit>) -> usize {
    audit.map_or(0, NewAudit::bytes)
}

fn append(tx: &Tx<'_>, tenant: &TenantId, new: &NewAudit) -> Result<AuditRecord, OpError> {
    let head = audit_head(tx.conn(), tenant.as_str())?;
    let record = new.after(head, tenant, tx.now());
    let (body, entry) = (&record.body, &record.body.entry);
    let tenant_no = tenant_no_or_new(tx.conn(), tenant)?;
    tx.statement(include_str!("../../sql/insert_audit.sql"))?
        .execute(params![
            tenant_no,
            int(body.seq),
            body.at.as_millis(),
            entry.actor.as_str(),
            entry.action.as_str(),
            entry.object.as_ref().map(AuditObject::as_str),
            outcome_code(entry.outcome),
            entry.request.as_ref().map(RequestId::as_str),
            entry.details.as_str(),
            body.previous.as_bytes(),
            record.mac.as_bytes(),
        ])?;
    tx.statement(
        "INSERT INTO audit_heads (tenant_no, seq, mac) VALUES (?1, ?2, ?3)
         ON CONFLICT (tenant_no) DO UPDATE SET seq = excluded.seq, mac = excluded.mac",
    )?
    .execute(params![tenant_no, int(body.seq), record.mac.as_bytes()])?;
    Ok(record)
}
