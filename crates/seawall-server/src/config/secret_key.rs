use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use super::named_secret::named_secret;
use super::reader::Reader;
use crate::identity::{MIN_SECRET_BYTES, MasterKey};

const NAME: &str = "SECRET_KEY";
/// A secret of fewer different bytes was not made by chance.
const LEAST_BYTES: usize = 8;

/// `SECRET_KEY`, which signs tokens and seals the audit trail; the default is for development only, and gives way to the data
/// folder's own ([`crate::settle_secret_key`]). Cheap to clone.
#[derive(Clone)]
pub struct SecretKey {
    master: Arc<MasterKey>,
    /// Whether it is the one that everybody knows.
    pub is_default: bool,
    /// Outside dev: somebody has typed it, as in `changemechangeme…`.
    pub is_guessable: bool,
}

impl SecretKey {
    /// What the keys of all uses are derived from.
    #[must_use]
    pub fn master(&self) -> &MasterKey {
        &self.master
    }

    /// Not the default.
    pub(crate) fn own(master: MasterKey) -> Self {
        Self {
            master: Arc::new(master),
            is_default: false,
            is_guessable: false,
        }
    }

    pub(super) fn weakness(&self) -> Option<String> {
        self.is_guessable.then(|| {
            format!("{NAME} can be guessed, and with it whoever signs in: `openssl rand -base64 48` makes one")
        })
    }

    pub(super) fn read(reader: &mut Reader<'_>, dev: bool) -> Self {
        let read = named_secret(reader, NAME);
        if read.is_absent() && !dev {
            reader.refuse(
                NAME,
                format!(
                    "not set: outside dev it is a secret of at least {MIN_SECRET_BYTES} bytes, the same on all nodes"
                ),
            );
        }
        let (secret, variable) = read.into_parts();
        let is_guessable = !dev && secret.as_ref().is_some_and(is_typed);
        let master = secret.map(|secret| MasterKey::new(&secret)).transpose();
        let master = master.unwrap_or_else(|error| {
            reader.refuse(&variable, error.to_string());
            None
        });
        Self {
            is_default: master.is_none(),
            is_guessable,
            master: Arc::new(master.unwrap_or_else(MasterKey::of_development)),
        }
    }
}

fn is_typed(secret: &SecretString) -> bool {
    let different: BTreeSet<u8> = secret.expose_secret().bytes().collect();
    different.len() < LEAST_BYTES
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}
