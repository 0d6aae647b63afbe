use std::fmt;
use std::sync::Arc;

use seawall_engine::Clock;
use seawall_store::{Digest, IdentityStore, LockPolicy, Revoked, Timestamp};
use tokio::sync::Mutex;

use super::AccountError;
use super::trail::AuditTrail;
use crate::identity::password::PasswordHasher;
use crate::identity::{AccessTokens, Authenticator, DerivedKey, KeyUse, MasterKey, Principal, Scopes};

/// The services of accounts. One for the whole process: it bounds how many passwords are looked at, and orders the changes
/// after which somebody must still be there who administers.
pub(crate) struct Accounts {
    pub(super) store: Arc<dyn IdentityStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tokens: AccessTokens,
    pub(super) passwords: PasswordHasher,
    pub(super) trail: AuditTrail,
    /// Forgets at once what ends here; what ends on other nodes it hears of.
    pub(super) authenticator: Authenticator,
    /// Seals the fingerprints of requests: see [`Accounts::fingerprint`].
    requests: DerivedKey,
    /// Held from looking for another administrator until the change that needs one is done. It orders the changes of this
    /// process only; who shares a store with others may still lose both to a race.
    pub(super) last_admin: Mutex<()>,
}

/// What makes [`Accounts`].
pub(crate) struct AccountsParts<'a> {
    pub(crate) store: Arc<dyn IdentityStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) master: &'a MasterKey,
    pub(crate) passwords: PasswordHasher,
    pub(crate) authenticator: Authenticator,
}

impl Accounts {
    /// Five attempts, then a minute that doubles up to an hour: at most about 30 guesses in a day at one account.
    pub(super) const LOCKS: LockPolicy = LockPolicy {
        after: 5,
        first: std::time::Duration::from_secs(60),
        longest: std::time::Duration::from_secs(60 * 60),
    };

    /// Users of one tenant.
    pub(super) const MOST_USERS: u32 = 10_000;

    /// Keys of one tenant that count.
    pub(super) const MOST_KEYS: u32 = 10_000;

    pub(crate) fn new(parts: AccountsParts<'_>) -> Self {
        let master = parts.master;
        Self {
            trail: AuditTrail::new(master),
            tokens: AccessTokens::new(master),
            requests: master.derive(KeyUse::Requests),
            last_admin: Mutex::new(()),
            store: parts.store,
            clock: parts.clock,
            passwords: parts.passwords,
            authenticator: parts.authenticator,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What is kept of a request under an idempotency key. A body may hold a password, and a plain hash of one can be
    /// guessed: this one needs `SECRET_KEY` too.
    pub(crate) fn fingerprint(&self, plain: &Digest) -> Digest {
        Digest::from_bytes(self.requests.mac(&[b"request", plain.as_bytes()]))
    }

    /// What has just ended in the store counts no more on this node.
    pub(super) fn ended(&self, what: Revoked) {
        self.authenticator.ended(what);
    }

    /// The same where it is not known which sessions ended.
    pub(super) fn sessions_ended(&self) {
        self.authenticator.sessions_ended();
    }

    /// Whether a principal has what it is about to give.
    pub(super) fn may_give(by: &Principal, scopes: Scopes) -> Result<(), AccountError> {
        match scopes.iter().find(|scope| !by.scopes.contains(*scope)) {
            None => Ok(()),
            Some(scope) => Err(AccountError::Lacks(scope)),
        }
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts")
            .field("tokens", &self.tokens)
            .field("passwords", &self.passwords)
            .finish_non_exhaustive()
    }
}
