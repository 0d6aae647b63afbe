//! Keys that come from the environment: the one this server begins with, and the one that the command line presents to
//! another.

use std::fmt;

use http::HeaderValue;
use secrecy::ExposeSecret as _;

use super::named_secret::named_secret;
use super::reader::Reader;
use crate::identity::{BootstrapKey, STRONG_KEY_BYTES};

/// `ADMIN_API_KEY` and `SEAWALL_API_KEY`.
#[derive(Clone, Default)]
pub struct Credentials {
    /// Opens everything in the tenant `default`. None: the first start makes a key (`DATA_DIR/admin.key`).
    pub admin: Option<BootstrapKey>,
    /// The same, as the command line presents it to a server on this machine.
    pub(crate) admin_header: Option<HeaderValue>,
    /// What the command line presents to any server: `SEAWALL_API_KEY`.
    pub(crate) client: Option<HeaderValue>,
}

impl Credentials {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let (secret, variable) = named_secret(reader, "ADMIN_API_KEY").into_parts();
        let admin = secret.as_ref().map(BootstrapKey::new).transpose();
        let admin = admin.unwrap_or_else(|error| {
            reader.refuse(&variable, error.to_string());
            None
        });
        let admin_header = secret.and_then(|secret| bearer(secret.expose_secret()).ok());
        let (client, variable) = named_secret(reader, "SEAWALL_API_KEY").into_parts();
        let client = client.map(|secret| bearer(secret.expose_secret())).transpose();
        let client = client.unwrap_or_else(|error| {
            reader.refuse(&variable, error);
            None
        });
        Self {
            admin,
            admin_header,
            client,
        }
    }

    /// A key that can be guessed, where others than this machine's may try.
    pub(super) fn weakness(&self, dev: bool) -> Option<String> {
        let weak = self.admin.as_ref().is_some_and(|key| !key.is_strong());
        (weak && !dev).then(|| {
            format!(
                "ADMIN_API_KEY has fewer than {STRONG_KEY_BYTES} characters and can be guessed: `openssl rand -hex 32` \
                 makes one"
            )
        })
    }
}

/// `Authorization` with this key, which no log shows.
pub(crate) fn bearer(key: &str) -> Result<HeaderValue, &'static str> {
    let mut value = HeaderValue::try_from(format!("Bearer {key}"))
        .ok()
        .filter(|_| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic()))
        .ok_or("a key is of visible ASCII characters")?;
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("admin", &self.admin)
            .finish_non_exhaustive()
    }
}
