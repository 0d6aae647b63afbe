use std::time::Duration;

use crate::ids::{RunId, TenantId};
use crate::records::identity::secret::SecretHash;
use crate::records::identity::text::PrincipalName;
use crate::time::Timestamp;

/// The right to follow one run for a short time, for who cannot send a credential.
#[derive(Clone, Debug)]
pub struct NewTicket {
    pub hash: SecretHash,
    pub run: RunId,
    /// Who asked for it.
    pub principal: PrincipalName,
    pub lives: Duration,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TicketRecord {
    pub tenant: TenantId,
    pub run: RunId,
    pub principal: PrincipalName,
    pub expires_at: Timestamp,
}
