use crate::ids::{KeyId, TenantId};
use crate::records::identity::secret::SecretHash;
use crate::records::identity::text::{KeyName, PrincipalName, Scopes};
use crate::time::Timestamp;

/// An API key to be kept.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub id: KeyId,
    pub name: KeyName,
    pub hash: SecretHash,
    pub scopes: Scopes,
    pub created_by: PrincipalName,
    /// None: until it is revoked.
    pub expires_at: Option<Timestamp>,
    /// The most keys that the tenant may have that are neither revoked nor expired, with this one.
    pub most: u32,
}

/// That a key counts no more, since when and by whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyEnd {
    pub at: Timestamp,
    pub by: PrincipalName,
}

/// An API key, without what is known of its secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyRecord {
    pub id: KeyId,
    pub name: KeyName,
    pub scopes: Scopes,
    pub created_by: PrincipalName,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// About: uses are written in batches.
    pub last_used_at: Option<Timestamp>,
    pub revoked: Option<KeyEnd>,
    /// It is one of those with which a store begins: see `KeyStore::put_admin_key`.
    pub admin: bool,
}

impl KeyRecord {
    /// Whether it is neither revoked nor expired.
    #[must_use]
    pub fn counts_at(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// All that is needed to hold a credential against a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthKey {
    pub tenant: TenantId,
    pub record: KeyRecord,
    pub hash: SecretHash,
}

/// What became of a key that was to be kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeyCreated {
    Created(KeyRecord),
    /// The tenant has as many as it may have.
    TooMany {
        most: u32,
    },
}

/// What became of a key that was to be revoked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RevokedKey {
    Now(KeyRecord),
    /// Somebody had revoked it: the record says when and who. Nothing has changed.
    Before(KeyRecord),
}

/// When the key with which a store begins takes the place of the one before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PutAdmin {
    /// Never: it is kept if there was none. One that was revoked counts as one that was: it is not made again behind the
    /// back of who revoked it.
    IfNone,
    /// If it is another one, by id or hash.
    IfOther,
}

/// What became of the key with which a store begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PutAdminKey {
    /// It counts from now on; the one that did, if there was one, is revoked in the same change.
    Created {
        record: KeyRecord,
        replaced: Option<KeyRecord>,
    },
    /// There was one (that very one, if asked `IfOther`), and it is as it was: it may be revoked or expired.
    Kept(KeyRecord),
}

/// That a key was used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyUse {
    pub id: KeyId,
    pub at: Timestamp,
}

/// Uses of keys, as many as are written in one change.
#[derive(Clone, Debug)]
pub struct KeyUses(Vec<KeyUse>);

impl KeyUses {
    pub const MAX: usize = 256;

    /// Takes as many as fit from the front of `uses`.
    #[must_use]
    pub fn take_from(uses: &mut Vec<KeyUse>) -> Self {
        Self(uses.drain(..uses.len().min(Self::MAX)).collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = &KeyUse> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_are_taken_a_batch_at_a_time() {
        let mut uses: Vec<KeyUse> = (0..300)
            .map(|at| KeyUse {
                id: KeyId::generate(),
                at: Timestamp::from_millis(at),
            })
            .collect();
        let first = KeyUses::take_from(&mut uses);
        let second = KeyUses::take_from(&mut uses);
        assert_eq!((first.iter().count(), second.iter().count(), uses.len()), (256, 44, 0));
        assert_eq!(second.iter().next().map(|one| one.at.as_millis()), Some(256));
    }
}
