//! Secrets of steps: `SEAWALL_SECRET_<NAME>`, or `SEAWALL_SECRET_<NAME>_FILE` with the path of a file.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use seawall_engine::store::TenantId;
use seawall_engine::{SecretError, SecretSource};
use secrecy::SecretString;

use super::reader::Reader;

const PREFIX: &str = "SEAWALL_SECRET_";
const FILE_SUFFIX: &str = "_FILE";
const MAX_FILE_BYTES: u64 = 64 * 1024;

enum Origin {
    Value(SecretString),
    /// Read at each use: a rotated secret is taken up without a restart.
    File(PathBuf),
}

/// The secrets that steps may name. As long as there is one tenant, all of them are its own. Cheap to clone.
#[derive(Clone, Default)]
pub struct StepSecrets(Arc<BTreeMap<String, Origin>>);

impl StepSecrets {
    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn read(map: &BTreeMap<String, String>, reader: &mut Reader<'_>) -> Self {
        let mut secrets = BTreeMap::new();
        for (variable, value) in map {
            let Some(rest) = variable.strip_prefix(PREFIX) else {
                continue;
            };
            let (name, is_file) = rest
                .strip_suffix(FILE_SUFFIX)
                .map_or((rest, false), |name| (name, true));
            let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
            if name.is_empty() || !name.bytes().all(allowed) {
                reader.refuse(variable, "the name of a secret is made of A-Z, 0-9 and _");
                continue;
            }
            let origin = if is_file {
                let path = PathBuf::from(value.trim());
                if let Err(error) = read_file(&path) {
                    reader.refuse(variable, format!("{} cannot be read: {error}", path.display()));
                }
                Origin::File(path)
            } else {
                Origin::Value(SecretString::from(value.clone()))
            };
            if secrets.insert(name.to_owned(), origin).is_some() {
                reader.refuse(
                    variable,
                    format!("{PREFIX}{name} and {PREFIX}{name}{FILE_SUFFIX} are both set"),
                );
            }
        }
        Self(Arc::new(secrets))
    }
}

impl SecretSource for StepSecrets {
    fn secret(&self, _tenant: &TenantId, name: &str) -> Result<SecretString, SecretError> {
        match self.0.get(name) {
            None => Err(SecretError::Missing(name.to_owned())),
            Some(Origin::Value(secret)) => Ok(secret.clone()),
            Some(Origin::File(path)) => read_file(path).map_err(|_| SecretError::Unreadable(name.to_owned())),
        }
    }
}

impl fmt::Debug for StepSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

pub(super) fn read_file(path: &Path) -> std::io::Result<SecretString> {
    let mut text = String::new();
    std::fs::File::open(path)?
        .take(MAX_FILE_BYTES + 1)
        .read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(std::io::Error::other("it is larger than 64 KiB"));
    }
    let without_newline = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(without_newline);
    Ok(SecretString::from(text))
}
