//! A rendered request, in which secrets stand apart: they are put in at the attempt and nowhere else.

use seawall_store::{Digest, TenantId};
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::executor::{SecretError, SecretSource};

/// Part of a string that holds a secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SecretPart {
    Text(String),
    /// The secret of that name.
    Secret(String),
}

/// A string that holds a secret: its place in the value (where null stands) and its parts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecretSlot {
    /// JSON Pointer.
    pub pointer: String,
    pub parts: Vec<SecretPart>,
}

/// A value from templates. It may be logged, hashed and stored as it is: it holds names of secrets, never secrets.
#[derive(Clone, PartialEq, Debug)]
pub struct Rendered {
    pub value: Value,
    pub secrets: Vec<SecretSlot>,
}

impl Rendered {
    #[must_use]
    pub const fn plain(value: Value) -> Self {
        Self {
            value,
            secrets: Vec::new(),
        }
    }

    /// The digest by which a later attempt is known to ask for the same.
    #[must_use]
    pub fn digest(&self) -> Digest {
        // serde_json keeps map keys sorted, so equal values give equal texts.
        let mut text = self.value.to_string();
        for slot in &self.secrets {
            text.push('\n');
            text.push_str(&slot.pointer);
            for part in &slot.parts {
                match part {
                    SecretPart::Text(part) => text.push_str(&format!("\u{1}{}:{part}", part.len())),
                    SecretPart::Secret(name) => text.push_str(&format!("\u{2}{}:{name}", name.len())),
                }
            }
        }
        Digest::of(text.as_bytes())
    }

    /// The value with its secrets in place. Never log or store what comes out.
    ///
    /// # Errors
    /// The first secret that cannot be had.
    pub fn reveal(&self, tenant: &TenantId, source: &dyn SecretSource) -> Result<Value, SecretError> {
        let mut value = self.value.clone();
        for slot in &self.secrets {
            let mut text = String::new();
            for part in &slot.parts {
                match part {
                    SecretPart::Text(part) => text.push_str(part),
                    SecretPart::Secret(name) => text.push_str(source.secret(tenant, name)?.expose_secret()),
                }
            }
            if let Some(place) = value.pointer_mut(&slot.pointer) {
                *place = Value::String(text);
            }
        }
        Ok(value)
    }

    /// Names of the secrets in it, for masking outputs.
    pub fn secret_names(&self) -> impl Iterator<Item = &str> {
        self.secrets
            .iter()
            .flat_map(|slot| &slot.parts)
            .filter_map(|part| match part {
                SecretPart::Secret(name) => Some(name.as_str()),
                SecretPart::Text(_) => None,
            })
    }
}
