use rusqlite::params;
use seawall_store::{
    KeyCreated, KeyEnd, KeyId, KeyRecord, KeyUses, NewAudit, NewKey, PrincipalName, Revoked, RevokedKey, StoreError,
    TenantId,
};

use super::{audit, revoked};
use crate::codec::maybe_millis;
use crate::error::OpError;
use crate::rows::{NumberedKey, key_by_id, tenant_no_or_new};
use crate::writer::{Operation, Tx};

pub(crate) struct CreateKey {
    pub(crate) tenant: TenantId,
    pub(crate) new: NewKey,
    pub(crate) audit: Option<NewAudit>,
}

impl Operation for CreateKey {
    type Answer = KeyCreated;

    fn run(&self, tx: &Tx<'_>) -> Result<KeyCreated, OpError> {
        let new = &self.new;
        require_free(tx, new.id)?;
        let tenant_no = tenant_no_or_new(tx.conn(), &self.tenant)?;
        // Creations are rare, and no more entries are counted than there may be.
        let own: u32 = tx
            .statement(
                "SELECT count(*) FROM (SELECT 1 FROM api_keys WHERE tenant_no = ?1 AND revoked_at IS NULL
                   AND (expires_at IS NULL OR expires_at > ?2) LIMIT ?3)",
            )?
            .query_row(params![tenant_no, tx.now().as_millis(), new.most], |row| row.get(0))?;
        if own >= new.most {
            return Ok(KeyCreated::TooMany { most: new.most });
        }
        let record = insert(tx, &self.tenant, new, false)?;
        audit::write(tx, &self.tenant, self.audit.as_ref())?;
        Ok(KeyCreated::Created(record))
    }

    fn payload(&self) -> usize {
        bytes(&self.new) + audit::bytes(self.audit.as_ref())
    }
}

/// Bytes of the key that wait in memory.
pub(super) fn bytes(new: &NewKey) -> usize {
    let scopes: usize = new.scopes.iter().map(|scope| scope.as_str().len()).sum();
    new.name.as_str().len() + scopes
}

/// Refuses an id that is taken, by whichever tenant.
pub(super) fn require_free(tx: &Tx<'_>, id: KeyId) -> Result<(), OpError> {
    let taken = tx
        .statement("SELECT 1 FROM api_keys WHERE id = ?1")?
        .exists([id.uuid().as_bytes()])?;
    if taken {
        return Err(StoreError::Exists.into());
    }
    Ok(())
}

pub(super) fn insert(tx: &Tx<'_>, tenant: &TenantId, new: &NewKey, admin: bool) -> Result<KeyRecord, OpError> {
    tx.statement(include_str!("../../sql/insert_key.sql"))?
        .execute(params![
            new.id.uuid().as_bytes(),
            tenant_no_or_new(tx.conn(), tenant)?,
            new.name.as_str(),
            new.hash.as_bytes(),
            new.scopes.join(),
            new.created_by.as_str(),
            tx.now().as_millis(),
            maybe_millis(new.expires_at),
            admin,
        ])?;
    Ok(require(tx, tenant, new.id)?.key.record)
}

fn require(tx: &Tx<'_>, tenant: &TenantId, id: KeyId) -> Result<NumberedKey, OpError> {
    key_by_id(tx.conn(), id)?
        .filter(|found| found.key.tenant == *tenant)
        .ok_or_else(|| StoreError::NotFound.into())
}

pub(crate) struct RevokeKey {
    pub(crate) tenant: TenantId,
    pub(crate) id: KeyId,
    pub(crate) by: PrincipalName,
    pub(crate) audit: Option<NewAudit>,
}

impl Operation for RevokeKey {
    type Answer = RevokedKey;

    fn run(&self, tx: &Tx<'_>) -> Result<RevokedKey, OpError> {
        let found = require(tx, &self.tenant, self.id)?;
        if found.key.record.revoked.is_some() {
            return Ok(RevokedKey::Before(found.key.record));
        }
        let record = end(tx, found, &self.by)?;
        audit::write(tx, &self.tenant, self.audit.as_ref())?;
        Ok(RevokedKey::Now(record))
    }

    fn payload(&self) -> usize {
        audit::bytes(self.audit.as_ref())
    }
}

/// Revokes a key that is not.
pub(super) fn end(tx: &Tx<'_>, found: NumberedKey, by: &PrincipalName) -> rusqlite::Result<KeyRecord> {
    tx.statement("UPDATE api_keys SET revoked_at = ?2, revoked_by = ?3 WHERE key_no = ?1")?
        .execute(params![found.key_no, tx.now().as_millis(), by.as_str()])?;
    let mut record = found.key.record;
    revoked::tell(tx, Revoked::Key(record.id))?;
    record.revoked = Some(KeyEnd {
        at: tx.now(),
        by: by.clone(),
    });
    Ok(record)
}

pub(crate) struct RecordKeyUses(pub(crate) KeyUses);

impl Operation for RecordKeyUses {
    type Answer = ();

    fn run(&self, tx: &Tx<'_>) -> Result<(), OpError> {
        let mut write = tx.statement(
            "UPDATE api_keys SET last_used_at = ?2 WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at < ?2)",
        )?;
        for used in self.0.iter() {
            write.execute(params![used.id.uuid().as_bytes(), used.at.as_millis()])?;
        }
        Ok(())
    }

    fn payload(&self) -> usize {
        self.0.iter().map(size_of_val).sum()
    }
}
