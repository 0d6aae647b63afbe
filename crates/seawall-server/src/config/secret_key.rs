use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;

use super::reader::Reader;
use super::secrets::read_file;
use crate::identity::{MIN_SECRET_BYTES, MasterKey};

const NAME: &str = "SECRET_KEY";
const FILE: &str = "SECRET_KEY_FILE";

/// `SECRET_KEY`, which signs tokens and seals the audit trail; the default is for development only. Cheap to clone.
#[derive(Clone)]
pub struct SecretKey {
    master: Arc<MasterKey>,
    /// Whether it is the one that everybody knows.
    pub is_default: bool,
}

impl SecretKey {
    /// What the keys of all uses are derived from.
    #[must_use]
    pub fn master(&self) -> &MasterKey {
        &self.master
    }

    pub(super) fn read(reader: &mut Reader<'_>, dev: bool) -> Self {
        let (secret, variable) = match (reader.text(NAME), reader.text(FILE)) {
            (Some(_), Some(_)) => {
                reader.refuse(NAME, format!("{NAME} and {FILE} are both set"));
                (None, NAME)
            }
            (Some(text), None) => (Some(SecretString::from(text)), NAME),
            (None, Some(path)) => match read_file(path.as_ref()) {
                Ok(secret) => (Some(secret), FILE),
                Err(error) => {
                    reader.refuse(FILE, format!("{path} cannot be read: {error}"));
                    (None, FILE)
                }
            },
            (None, None) => {
                if !dev {
                    reader.refuse(
                        NAME,
                        format!("not set: outside dev it is a secret of at least {MIN_SECRET_BYTES} bytes, the same on all nodes"),
                    );
                }
                (None, NAME)
            }
        };
        let master = secret.map(|secret| MasterKey::new(&secret)).transpose();
        let master = master.unwrap_or_else(|error| {
            reader.refuse(variable, error.to_string());
            None
        });
        Self {
            is_default: master.is_none(),
            master: Arc::new(master.unwrap_or_else(MasterKey::of_development)),
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}
