//! The key with which a store begins: `ADMIN_API_KEY`, or one that the first start makes and leaves in `DATA_DIR/admin.key`,
//! where only this user can read it and the command line finds it.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use http::HeaderValue;
use seawall_store::{
    IdentityStore, KeyId, KeyName, NewKey, PrincipalName, PutAdmin, PutAdminKey, Scopes as StoreScopes, ScopesError,
    SecretHash, StoreError, TenantId, TextError,
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::config::{Config, bearer};
use crate::identity::accounts::{BOOTSTRAP, admin_key_configured, admin_key_made, sealed_by};
use crate::identity::{self, ApiKey, MasterKey, Scopes};

/// Keys that the tenant may have; `put_admin_key` does not look at it.
const MOST: u32 = 1;

/// A key takes one line. Longer files are none of ours.
const LONGEST_FILE: u64 = 1024;

/// What became of the key with which a store begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AdminKey {
    /// The configuration gives it: no file is written.
    Configured,
    /// This start made it, and it lies there.
    Made(PathBuf),
    /// It was made before, and lies there.
    There(PathBuf),
    /// It was made before, and does not lie there: another folder has it, or nobody.
    Elsewhere(PathBuf),
}

/// Why the key with which a store begins could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AdminKeyError {
    #[error("cannot keep the admin key in {}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} holds no API key: remove it, or set ADMIN_API_KEY", path.display())]
    NoKey { path: PathBuf },
    #[error("the admin key cannot be kept")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Text(#[from] TextError),
    #[error(transparent)]
    Scopes(#[from] ScopesError),
}

/// Sees to it that there is a key with which everything can be done: before the first request is answered.
///
/// One that was revoked is not made again, and a file that somebody took away is not written anew: then `ADMIN_API_KEY` is
/// the way in.
///
/// # Errors
/// When it cannot be written down or kept.
pub async fn put_admin_key(config: &Config, store: &dyn IdentityStore) -> Result<AdminKey, AdminKeyError> {
    let master = config.secret_key.master();
    if config.credentials.admin.is_some() {
        admin_key_configured(store, master).await;
        return Ok(AdminKey::Configured);
    }
    let path = file(&config.data_dir);
    let failed = |source| AdminKeyError::File {
        path: path.clone(),
        source,
    };
    // The file first: a key in the store that nobody has the text of would be no use, and none is made after it.
    let (key, is_new) = match read(&path).map_err(failed)? {
        Some(text) => {
            let key = text.expose_secret().parse::<ApiKey>();
            (key.map_err(|_| AdminKeyError::NoKey { path: path.clone() })?, false)
        }
        None => {
            let id = identity::KeyId::of_store(KeyId::generate());
            let key = ApiKey::generate(id.ok_or_else(|| AdminKeyError::NoKey { path: path.clone() })?);
            write(&path, &key.reveal()).map_err(failed)?;
            (key, true)
        }
    };
    match keep(&key, &path, store, master).await? {
        PutAdminKey::Created { .. } => Ok(AdminKey::Made(path)),
        PutAdminKey::Kept(record)
            if identity::KeyId::of_store(record.id) == Some(key.id()) && is_kept(&key, store).await? =>
        {
            Ok(AdminKey::There(path))
        }
        PutAdminKey::Kept(_) => {
            if is_new {
                fs::remove_file(&path).map_err(failed)?;
            }
            Ok(AdminKey::Elsewhere(path))
        }
    }
}

/// Whether the store has this key, with this secret: a file may have been damaged, or be of a former store.
async fn is_kept(key: &ApiKey, store: &dyn IdentityStore) -> Result<bool, StoreError> {
    let Some(id) = key.id().to_store() else {
        return Ok(false);
    };
    let kept = store.key_for_authentication(id).await?;
    Ok(kept.is_some_and(|kept| kept.hash == SecretHash::from_bytes(*key.hash().as_bytes())))
}

/// Whether the audit trail goes on under the `SECRET_KEY` that sealed its last record. Where it does not, what is appended now
/// can be verified, but no more together with what was before.
///
/// # Errors
/// When the trail cannot be read.
pub async fn audit_goes_on(config: &Config, store: &dyn IdentityStore) -> Result<bool, StoreError> {
    sealed_by(store, config.secret_key.master()).await
}

async fn keep(
    key: &ApiKey,
    path: &Path,
    store: &dyn IdentityStore,
    master: &MasterKey,
) -> Result<PutAdminKey, AdminKeyError> {
    let id = key
        .id()
        .to_store()
        .ok_or_else(|| AdminKeyError::NoKey { path: path.to_owned() })?;
    let new = NewKey {
        id,
        name: KeyName::parse("admin")?,
        hash: SecretHash::from_bytes(*key.hash().as_bytes()),
        scopes: StoreScopes::parse(&Scopes::ALL.to_string())?,
        created_by: PrincipalName::parse(BOOTSTRAP)?,
        expires_at: None,
        most: MOST,
    };
    let audit = admin_key_made(master, id);
    Ok(store
        .put_admin_key(&TenantId::default(), new, PutAdmin::IfNone, Some(audit))
        .await?)
}

/// What the command line presents: `SEAWALL_API_KEY`; else, if `own` says that the server is on this machine, `ADMIN_API_KEY`
/// or the key in `DATA_DIR/admin.key`. Keys with which everything can be done are not shown to strangers.
#[must_use]
pub fn client_credential(config: &Config, own: bool) -> Option<HeaderValue> {
    let credentials = &config.credentials;
    let given = credentials.client.as_ref();
    let given = given.or_else(|| credentials.admin_header.as_ref().filter(|_| own));
    given.cloned().or_else(|| {
        let key = read(&file(&config.data_dir)).ok().filter(|_| own)??;
        bearer(key.expose_secret()).ok()
    })
}

fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("admin.key")
}

/// None: there is no such file.
pub(crate) fn read(path: &Path) -> io::Result<Option<SecretString>> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut text = String::new();
    file.take(LONGEST_FILE).read_to_string(&mut text)?;
    Ok(Some(SecretString::from(text.trim())))
}

/// All of it or nothing, from its first byte on for this user alone, and never over another one: who begins in this folder at
/// the same moment may have written theirs. Durable before the store has the key.
pub(crate) fn write(path: &Path, key: &SecretString) -> io::Result<()> {
    let draft = path.with_extension("key.new");
    // One that a crash left may have other rights.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(key.expose_secret().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    fs::hard_link(&draft, path)?;
    fs::remove_file(&draft)?;
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_lies_there_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path());
        write(&path, &SecretString::from("first")).unwrap();
        let refused = write(&path, &SecretString::from("second")).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(read(&path).unwrap().unwrap().expose_secret(), "first");
    }
}
