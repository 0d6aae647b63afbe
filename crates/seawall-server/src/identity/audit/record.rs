use seawall_store::{TenantId, Timestamp};

/// How what was asked for ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AuditOutcome {
    Succeeded,
    /// Not allowed, or the credentials were wrong.
    Denied,
    Failed,
}

impl AuditOutcome {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
}

/// Something that was done, or tried, that touches security.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditRecord {
    pub tenant: TenantId,
    /// Its place in the tenant's chain, from 1 on without a gap.
    pub seq: u64,
    pub at: Timestamp,
    /// The principal's subject; of a login that failed, what was presented is not written down.
    pub actor: String,
    /// Such as `key.created`.
    pub action: String,
    /// What it was done to, if that has an id.
    pub object: Option<String>,
    pub outcome: AuditOutcome,
    pub request_id: Option<String>,
    /// More, as JSON text, exactly as it is kept. Never a secret.
    pub details: String,
}
