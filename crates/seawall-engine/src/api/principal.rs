//! On whose behalf something is done. Authorization is an argument, not a layer one can forget.

use std::sync::Arc;

use seawall_store::TenantId;

/// Who asks, and for which tenant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Principal {
    pub tenant: TenantId,
    /// Shown in `created_by`, `by`.
    pub subject: Arc<str>,
}

impl Principal {
    /// Whoever sits at this machine, as long as there is no identity: the tenant `default`, the subject `local`.
    #[must_use]
    pub fn local() -> Self {
        Self {
            tenant: TenantId::default(),
            subject: Arc::from("local"),
        }
    }
}
