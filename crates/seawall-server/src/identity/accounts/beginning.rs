//! The key with which a store begins, in the trail: made before there are services, and before anybody asks for anything.

use seawall_store::{IdentityStore, KeyId, NewAudit, StoreResult, TenantId};

use super::convert::{audit_record, seal_of};
use super::trail::{AuditTrail, Deed, append};
use crate::identity::MasterKey;
use crate::identity::audit::AuditChain;

/// Who makes that key, and whom `ADMIN_API_KEY` stands for.
pub(crate) const BOOTSTRAP: &str = "service:bootstrap";

/// The record of the admin key that a first start makes, for the change that keeps it.
pub(crate) fn admin_key_made(master: &MasterKey, id: KeyId) -> NewAudit {
    AuditTrail::new(master).new_audit(BOOTSTRAP, None, Deed::done("admin_key.created", &id))
}

/// Appends that a process was started with `ADMIN_API_KEY`: what is done with it stands there under the same name.
pub(crate) async fn admin_key_configured(store: &dyn IdentityStore, master: &MasterKey) {
    let deed = Deed::done("admin_key.configured", &BOOTSTRAP);
    let new = AuditTrail::new(master).new_audit(BOOTSTRAP, None, deed);
    append(store, &TenantId::default(), new).await;
}

/// Whether the last record of the trail was sealed with a key of this master. An empty trail is anybody's.
pub(crate) async fn sealed_by(store: &dyn IdentityStore, master: &MasterKey) -> StoreResult<bool> {
    let tenant = TenantId::default();
    let Some(before) = store.audit_head(&tenant).await?.seq.checked_sub(1) else {
        return Ok(true);
    };
    let records = store.audit_after(&tenant, before, 1).await?;
    let chain = AuditChain::new(master);
    Ok(records.first().is_none_or(|record| {
        let previous = seal_of(&record.body.previous);
        chain.seal(&audit_record(&tenant, &record.body), &previous) == seal_of(&record.mac)
    }))
}
