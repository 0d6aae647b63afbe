//! Secrets of steps: named in definitions, resolved at the attempt, never stored.

use seawall_store::TenantId;
use secrecy::SecretString;

/// Why a secret cannot be had.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SecretError {
    #[error("no secret named {0} is configured")]
    Missing(String),
    #[error("the secret {0} cannot be read")]
    Unreadable(String),
}

/// Where secrets come from.
pub trait SecretSource: Send + Sync + 'static {
    /// # Errors
    /// When this tenant has no such secret, or it cannot be read now.
    fn secret(&self, tenant: &TenantId, name: &str) -> Result<SecretString, SecretError>;
}

/// A source that has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSecrets;

impl SecretSource for NoSecrets {
    fn secret(&self, _tenant: &TenantId, name: &str) -> Result<SecretString, SecretError> {
        Err(SecretError::Missing(name.to_owned()))
    }
}
