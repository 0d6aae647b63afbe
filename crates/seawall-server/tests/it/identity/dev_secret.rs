//! What signs tokens in dev.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use seawall_server::identity::{AccessTokens, MasterKey, Principal, Scopes};
use seawall_server::{Config, settle_secret_key};
use seawall_store::{StoreClock as _, SystemClock, TenantId};
use secrecy::ExposeSecret as _;

use crate::support::map;

fn settled(folder: &Path, variables: &[(&str, &str)]) -> std::io::Result<Config> {
    let mut map = map(variables);
    map.insert("DATA_DIR".to_owned(), folder.to_str().unwrap().to_owned());
    let mut config = Config::from_map(&map).unwrap();
    settle_secret_key(&mut config)?;
    Ok(config)
}

fn tokens(config: &Config) -> AccessTokens {
    AccessTokens::new(config.secret_key.master())
}

fn takes(verifier: &AccessTokens, signer: &AccessTokens) -> bool {
    let principal = Principal::key(TenantId::default(), "key_01h455vb4pex5vsknk084sn02q", Scopes::ALL);
    let now = SystemClock.now();
    let token = signer.issue(&principal, now).unwrap();
    verifier.verify(token.text.expose_secret(), now).is_ok()
}

#[test]
fn in_dev_each_folder_has_a_secret_of_its_own_which_nobody_else_signs_with() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let own = tokens(&settled(folder.path(), &[]).unwrap());
    assert!(!takes(&own, &AccessTokens::new(&MasterKey::of_development())));
    assert!(!takes(&own, &tokens(&settled(other.path(), &[]).unwrap())));
    // It stays the same, and goes on as SECRET_KEY.
    assert!(takes(&own, &tokens(&settled(folder.path(), &[]).unwrap())));
    let path = folder.path().join("secret.key");
    let text = fs::read_to_string(&path).unwrap();
    let variables = [("SECRET_KEY", text.trim()), ("ENVIRONMENT", "production")];
    assert!(takes(&own, &tokens(&settled(other.path(), &variables).unwrap())));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_secret_that_is_none_is_refused_and_one_that_is_set_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let set = "s".repeat(32);
    assert!(
        !settled(folder.path(), &[("SECRET_KEY", &set)])
            .unwrap()
            .secret_key
            .is_default
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    for damaged in ["", "short\n"] {
        fs::write(folder.path().join("secret.key"), damaged).unwrap();
        let refused = settled(folder.path(), &[]).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidData, "{damaged:?}");
    }
}
