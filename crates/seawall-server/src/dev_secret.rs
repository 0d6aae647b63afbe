//! What stands in dev where `SECRET_KEY` is not set: a secret of the data folder's own.
//!
//! Were it one that everybody knows, whoever reaches the port and has read a key's id could sign tokens that stand for it.

use std::io;

use crate::admin_key::{read, write};
use crate::config::{Config, SecretKey};
use crate::identity::MasterKey;

/// Puts the secret in `DATA_DIR/secret.key`, which is made where it is missing, in the place of the default. To be called by
/// whoever holds the store, so that no two make one. Where `SECRET_KEY` is set, nothing is done.
///
/// # Errors
/// When it cannot be read or kept, or is too short to be one.
pub fn settle_secret_key(config: &mut Config) -> io::Result<()> {
    if !config.secret_key.is_default {
        return Ok(());
    }
    let path = config.data_dir.join("secret.key");
    let text = match read(&path)? {
        Some(text) => text,
        None => {
            let text = MasterKey::generate();
            write(&path, &text)?;
            text
        }
    };
    let master = MasterKey::new(&text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    config.secret_key = SecretKey::own(master);
    Ok(())
}
