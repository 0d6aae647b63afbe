use std::sync::Arc;

use seawall_guard::request_id::RequestId as GuardRequestId;
use seawall_store::{
    AuditAction, AuditDetails, AuditEntry, AuditFilter, AuditObject, AuditRecord, AuditSeal, IdentityStore, NewAudit,
    Page, PageOf, RequestId, StoreResult, TenantId,
};
use serde_json::Value;

use super::convert::{audit_record, mac_of, principal_name, seal_of, store_outcome};
use super::{Accounts, Actor};
use crate::identity::MasterKey;
use crate::identity::audit::{AuditChain, AuditOutcome};

/// Who has not said who they are, in the trail.
const ANYBODY: &str = "anonymous";

/// Something that touches security.
pub(super) struct Deed {
    /// Such as `key.created`.
    pub(super) action: &'static str,
    /// The id of what it was done to.
    pub(super) object: Option<String>,
    pub(super) outcome: AuditOutcome,
    /// More, never a secret or an address.
    pub(super) details: Option<Value>,
}

impl Deed {
    /// One that was done.
    pub(super) fn done(action: &'static str, object: &impl ToString) -> Self {
        Self {
            action,
            object: Some(object.to_string()),
            outcome: AuditOutcome::Succeeded,
            details: None,
        }
    }

    /// One that was refused.
    pub(super) fn denied(action: &'static str, object: &impl ToString) -> Self {
        Self {
            outcome: AuditOutcome::Denied,
            ..Self::done(action, object)
        }
    }

    pub(super) fn with(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }
}

/// Seals what is done, and appends it where it belongs to no other change.
pub(super) struct AuditTrail {
    pub(super) chain: Arc<AuditChain>,
}

impl AuditTrail {
    pub(super) fn new(master: &MasterKey) -> Self {
        Self {
            chain: Arc::new(AuditChain::new(master)),
        }
    }

    /// The record of what `actor` does, for the change in which it is done.
    pub(super) fn record(&self, actor: &Actor, deed: Deed) -> NewAudit {
        self.new_audit(&actor.principal.subject, actor.request.clone(), deed)
    }

    /// The record of what somebody does who has not said who they are.
    pub(super) fn anonymous(&self, request: Option<&RequestId>, deed: Deed) -> NewAudit {
        self.new_audit(ANYBODY, request.cloned(), deed)
    }

    pub(super) fn new_audit(&self, subject: &str, request: Option<RequestId>, deed: Deed) -> NewAudit {
        let details = deed.details.map(|details| details.to_string());
        let details = details.and_then(|json| AuditDetails::new(&json).ok());
        let chain = Arc::clone(&self.chain);
        NewAudit {
            entry: AuditEntry {
                actor: principal_name(subject),
                action: AuditAction::parse(deed.action).expect("the names of actions stand in this program"),
                object: deed.object.and_then(|object| AuditObject::parse(&object).ok()),
                outcome: store_outcome(deed.outcome),
                request,
                details: details.unwrap_or_default(),
            },
            seal: AuditSeal::new(move |tenant, body| {
                mac_of(&chain.seal(&audit_record(tenant, body), &seal_of(&body.previous)))
            }),
        }
    }
}

impl Accounts {
    pub(super) async fn append(&self, tenant: &TenantId, new: NewAudit) {
        append(&*self.store, tenant, new).await;
    }

    /// The trail of the actor's tenant, newest first.
    pub(crate) async fn audit(
        &self,
        actor: &Actor,
        filter: AuditFilter,
        page: Page,
    ) -> StoreResult<PageOf<AuditRecord>> {
        self.store.list_audit(&actor.principal.tenant, filter, page).await
    }
}

/// Appends what changes nothing else. What was refused stays so when it cannot be written down; that is logged.
pub(super) async fn append(store: &dyn IdentityStore, tenant: &TenantId, new: NewAudit) {
    let action = new.entry.action.clone();
    if let Err(error) = store.append_audit(tenant, new).await {
        tracing::error!(error = %error, audit.action = %action, "an audit record was not written");
    }
}

/// A request's id as the trail keeps it.
pub(crate) fn request_id(id: &GuardRequestId) -> Option<RequestId> {
    RequestId::parse(id.as_str()).ok()
}
