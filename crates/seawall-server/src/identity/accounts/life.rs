//! Ids of what is made under an idempotency key follow from the key: a request whose node died between the change and its
//! answer finds what it made when it is repeated.

use std::time::Duration;

use seawall_store::Timestamp;

/// How long an idempotency key counts.
pub(crate) const KEY_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// How often one key can be used again after its life: once a day, for some years.
pub(super) const LIVES: u32 = 4096;

/// Whether something that was made then was made in the life of a key that counts now.
pub(super) fn counts(created_at: Timestamp, now: Timestamp) -> bool {
    now < created_at.saturating_add(KEY_LIFE)
}
