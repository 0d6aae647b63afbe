//! What the API answers about users, keys and the audit trail, as far as commands look into it.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// Somebody who logs in with a password.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) role: String,
    pub(crate) active: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) last_login_at: Option<Timestamp>,
    pub(crate) locked_until: Option<Timestamp>,
}

impl User {
    /// Whether they may log in, in one word.
    pub(crate) fn state(&self, now: Timestamp) -> &'static str {
        match self.locked_until {
            _ if !self.active => "inactive",
            Some(until) if now < until => "locked",
            _ => "active",
        }
    }
}

/// An API key.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ApiKey {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) created_by: String,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) last_used_at: Option<Timestamp>,
    pub(crate) revoked_at: Option<Timestamp>,
}

/// A key that was made. It has no `Debug`: the secret is printed where it was asked for, and nowhere else.
#[derive(Deserialize)]
pub(crate) struct NewApiKey {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// A record of the audit trail.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AuditEntry {
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) object: Option<String>,
    pub(crate) outcome: String,
    #[serde(default)]
    pub(crate) details: Value,
}

/// What holding the audit trail against its seals came to.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AuditVerification {
    pub(crate) valid: bool,
    pub(crate) fault: Option<AuditFault>,
    pub(crate) verified: u64,
    pub(crate) seal: String,
    pub(crate) more: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AuditFault {
    pub(crate) code: String,
    pub(crate) message: String,
}
