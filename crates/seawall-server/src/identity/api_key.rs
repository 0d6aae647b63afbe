//! API keys: `sw_<id>_<secret>`. The id is that of the key's TypeID (`key_<id>`), by which its record is found; the secret is
//! kept as a hash only, bound to the id.

use std::fmt;
use std::str::FromStr;

use seawall_store::{AuthKey, Timestamp};
use secrecy::SecretString;

use super::secret::{self, Secret, SecretHash};
use super::{Principal, Scope, Scopes};

const PREFIX: &str = "sw_";
const ID_LENGTH: usize = 26;
const LENGTH: usize = PREFIX.len() + ID_LENGTH + 1 + secret::LENGTH;

/// The public part of a key: the 26 letters behind `key_` in its TypeID. Nothing secret, nothing that is a key's by itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; ID_LENGTH]);

impl KeyId {
    /// Reads `key_…`.
    #[must_use]
    pub fn of_type_id(text: &str) -> Option<Self> {
        text.strip_prefix("key_").and_then(Self::parse)
    }

    /// As the store knows it.
    #[must_use]
    pub fn of_store(id: seawall_store::KeyId) -> Option<Self> {
        Self::of_type_id(&id.to_string())
    }

    /// As the store knows it. None: no id of a key that was ever made.
    #[must_use]
    pub fn to_store(self) -> Option<seawall_store::KeyId> {
        self.to_type_id().parse().ok()
    }

    /// As it stands in answers and paths: `key_…`.
    #[must_use]
    pub fn to_type_id(self) -> String {
        format!("key_{}", self.letters())
    }

    /// Crockford's base32 in lower case; 26 letters carry 130 bits, so the first one uses three.
    fn parse(text: &str) -> Option<Self> {
        let is_letter = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'z') && !b"ilou".contains(byte);
        let letters: [u8; ID_LENGTH] = text.as_bytes().try_into().ok()?;
        (letters[0] <= b'7' && letters.iter().all(is_letter)).then_some(Self(letters))
    }

    fn letters(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_type_id())
    }
}

/// A key as its holder has it.
pub struct ApiKey {
    id: KeyId,
    secret: Secret,
}

impl ApiKey {
    #[must_use]
    pub fn generate(id: KeyId) -> Self {
        Self {
            id,
            secret: Secret::generate(),
        }
    }

    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The text that is shown once.
    #[must_use]
    pub fn reveal(&self) -> SecretString {
        let mut text = String::with_capacity(LENGTH);
        text.push_str(PREFIX);
        text.push_str(self.id.letters());
        text.push('_');
        self.secret.write(&mut text);
        SecretString::from(text)
    }

    /// What is kept. The id is part of it: a hash that is moved to another key's row opens nothing.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        self.secret.hash(&[b"seawall/api-key/v1", &self.id.0])
    }
}

/// Without the secret.
impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}_…", self.id.letters())
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no API key, whoever's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not an API key")]
pub struct NotAKey;

impl FromStr for ApiKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        if text.len() != LENGTH || !text.is_ascii() {
            return Err(NotAKey);
        }
        let rest = text.strip_prefix(PREFIX).ok_or(NotAKey)?;
        let (id, rest) = rest.split_at(ID_LENGTH);
        let secret = rest.strip_prefix('_').ok_or(NotAKey)?;
        Ok(Self {
            id: KeyId::parse(id).ok_or(NotAKey)?,
            secret: Secret::parse(secret).ok_or(NotAKey)?,
        })
    }
}

/// What is kept of a key.
#[derive(Clone, Debug)]
pub struct StoredKey {
    /// Whom it stands for.
    pub principal: Principal,
    pub hash: SecretHash,
    /// None: it does not expire.
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

impl StoredKey {
    /// # Errors
    /// Why it stands for nobody at `now`, whoever has its secret.
    pub fn counts_at(&self, now: Timestamp) -> Result<(), KeyRefusal> {
        if self.revoked_at.is_some() {
            return Err(KeyRefusal::Revoked);
        }
        if self.expires_at.is_some_and(|end| end <= now) {
            return Err(KeyRefusal::Expired);
        }
        Ok(())
    }
}

impl From<AuthKey> for StoredKey {
    /// Scopes that this version does not know give nothing.
    fn from(key: AuthKey) -> Self {
        let AuthKey { tenant, record, hash } = key;
        let scopes: Scopes = record
            .scopes
            .iter()
            .filter_map(|scope| scope.as_str().parse::<Scope>().ok())
            .collect();
        Self {
            principal: Principal::key(tenant, &record.id.to_string(), scopes),
            hash: SecretHash::from_bytes(*hash.as_bytes()),
            expires_at: record.expires_at,
            revoked_at: record.revoked.map(|end| end.at),
        }
    }
}

/// Why a key opens nothing. For the log: the caller gets one answer for all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyRefusal {
    /// No record, or another secret than the record's: from outside they are one.
    #[error("there is no such key")]
    Unknown,
    #[error("the key has expired")]
    Expired,
    #[error("the key was revoked")]
    Revoked,
}

/// Whom the key that was presented stands for. `stored`: the record of its id, if there is one. Where there is none, the same
/// work is done against a hash that nothing has.
///
/// # Errors
/// See [`KeyRefusal`]. Expiry and revocation are told only to who has the secret.
pub fn check(presented: &ApiKey, stored: Option<&StoredKey>, now: Timestamp) -> Result<Principal, KeyRefusal> {
    let expected = stored.map_or(&SecretHash::OF_NOTHING, |stored| &stored.hash);
    let matches = presented.hash() == *expected;
    let Some(stored) = stored.filter(|_| matches) else {
        return Err(KeyRefusal::Unknown);
    };
    stored.counts_at(now)?;
    Ok(stored.principal.clone())
}

#[cfg(test)]
mod tests {
    use seawall_store::TenantId;
    use secrecy::ExposeSecret as _;

    use super::*;

    const ID: &str = "key_01h455vb4pex5vsknk084sn02q";
    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn key() -> ApiKey {
        ApiKey::generate(KeyId::of_type_id(ID).unwrap())
    }

    fn stored(key: &ApiKey) -> StoredKey {
        StoredKey {
            principal: Principal::key(TenantId::new("acme").unwrap(), ID, Scopes::of(&[Scope::RunsRead])),
            hash: key.hash(),
            expires_at: None,
            revoked_at: None,
        }
    }

    #[test]
    fn a_key_reads_back_and_only_its_public_part_is_ever_printed() {
        let key = key();
        let text = key.reveal();
        let text = text.expose_secret();
        assert_eq!(text.len(), LENGTH);
        assert!(text.starts_with("sw_01h455vb4pex5vsknk084sn02q_"));
        let read: ApiKey = text.parse().unwrap();
        assert_eq!((read.id(), read.hash()), (key.id(), key.hash()));
        for printed in [
            format!("{key}"),
            format!("{key:?}"),
            format!("{:?}", key.hash()),
            format!("{:?}", stored(&key)),
        ] {
            assert!(!printed.contains(&text[30..]), "{printed}");
        }
        assert_eq!(key.to_string(), "sw_01h455vb4pex5vsknk084sn02q_…");
    }

    #[test]
    fn what_is_cut_stretched_or_of_other_letters_is_no_key() {
        let text = key().reveal().expose_secret().to_owned();
        for end in 0..text.len() {
            assert_eq!(text[..end].parse::<ApiKey>().err(), Some(NotAKey));
        }
        let wrong = [
            format!("{text}A"),
            format!(" {text}"),
            format!("{}\n", &text[..LENGTH - 1]),
            text.replacen("sw_", "SW_", 1),
            text.replacen("sw_0", "sw_8", 1),
            text.replacen("01h", "01u", 1),
            text.replacen("01h", "01H", 1),
            format!("{}.{}", &text[..29], &text[30..]),
            format!("sw_{}ä_{}", &text[3..27], &text[30..]),
            "x".repeat(100_000),
        ];
        for text in wrong {
            assert_eq!(text.parse::<ApiKey>().err(), Some(NotAKey), "{text}");
        }
    }

    #[test]
    fn a_key_opens_what_its_record_says_until_it_is_revoked_or_over() {
        let key = key();
        let good = stored(&key);
        let principal = check(&key, Some(&good), NOW).unwrap();
        assert_eq!((principal.tenant.as_str(), &*principal.subject), ("acme", ID));
        assert_eq!(principal, good.principal);

        let at = |millis| Some(Timestamp::from_millis(NOW.as_millis() + millis));
        let cases = [
            (at(1), None, None),
            (at(0), None, Some(KeyRefusal::Expired)),
            (at(-1), None, Some(KeyRefusal::Expired)),
            (None, at(-1), Some(KeyRefusal::Revoked)),
            // A revocation holds from the moment it is known, whatever clock wrote it.
            (at(1), at(1), Some(KeyRefusal::Revoked)),
            (at(-1), at(-1), Some(KeyRefusal::Revoked)),
        ];
        for (expires_at, revoked_at, refusal) in cases {
            let stored = StoredKey {
                expires_at,
                revoked_at,
                ..good.clone()
            };
            assert_eq!(check(&key, Some(&stored), NOW).err(), refusal, "{stored:?}");
        }
    }

    #[test]
    fn an_unknown_id_and_a_wrong_secret_are_one_refusal_and_tell_nothing_of_the_record() {
        let (key, other) = (key(), key());
        let mut record = stored(&key);
        record.revoked_at = Some(NOW);
        assert_eq!(check(&other, Some(&record), NOW).err(), Some(KeyRefusal::Unknown));
        assert_eq!(check(&other, None, NOW).err(), Some(KeyRefusal::Unknown));
        // A record whose hash was put there from another key's row.
        let moved = ApiKey {
            id: KeyId::of_type_id("key_01h455vb4pex5vsknk084sn02r").unwrap(),
            secret: Secret::parse(&key.reveal().expose_secret()[30..]).unwrap(),
        };
        assert_eq!(check(&moved, Some(&stored(&key)), NOW).err(), Some(KeyRefusal::Unknown));
    }
}
