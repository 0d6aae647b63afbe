use seawall_store::{NewAudit, NewKey, PutAdmin as When, PutAdminKey, TenantId};

use super::{audit, keys};
use crate::error::OpError;
use crate::rows::last_admin_key;
use crate::writer::{Operation, Tx};

pub(crate) struct PutAdmin {
    pub(crate) tenant: TenantId,
    pub(crate) new: NewKey,
    pub(crate) when: When,
    pub(crate) audit: Option<NewAudit>,
}

impl Operation for PutAdmin {
    type Answer = PutAdminKey;

    fn run(&self, tx: &Tx<'_>) -> Result<PutAdminKey, OpError> {
        let new = &self.new;
        let last = last_admin_key(tx.conn(), &self.tenant)?;
        if let Some(last) = &last
            && (self.when == When::IfNone || (last.key.record.id, last.key.hash) == (new.id, new.hash))
        {
            return Ok(PutAdminKey::Kept(last.key.record.clone()));
        }
        keys::require_free(tx, new.id)?;
        let replaced = last
            .filter(|last| last.key.record.revoked.is_none())
            .map(|last| keys::end(tx, last, &new.created_by))
            .transpose()?;
        let record = keys::insert(tx, &self.tenant, new, true)?;
        audit::write(tx, &self.tenant, self.audit.as_ref())?;
        Ok(PutAdminKey::Created { record, replaced })
    }

    fn payload(&self) -> usize {
        keys::bytes(&self.new) + audit::bytes(self.audit.as_ref())
    }
}
