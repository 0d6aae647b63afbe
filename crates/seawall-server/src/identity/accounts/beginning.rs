//! The key with which a store begins, in the trail: made before there are services, and before anybody asks for anything.

use seawall_store::{IdentityStore, KeyId, NewAudit, TenantId};

use super::trail::{AuditTrail, Deed, append};
use crate::identity::MasterKey;

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
