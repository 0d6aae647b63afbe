//! What the store said of keys and sessions, kept for a while, so that a known caller costs no look into the store.
//!
//! Ends of keys and sessions are numbered by the store, and [`Known::keep_up`] asks for new ones every second. What is kept
//! counts only as long as the last such question that was answered began no longer than [`HOLDS_FOR`] ago: so an end is
//! obeyed on every node after that time, also on one that cannot reach the store any more. Before the first answer nothing
//! counts: a node that nobody keeps up to date asks the store each time.

mod keep_up;
mod remembered;
mod uses;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use seawall_engine::Clock;
use seawall_store::{IdentityStore, KeyUse, Revoked, SessionId, SessionRecord, StoreError, TenantId, UserId};

use super::AuthenticationError;
use super::api_key::{self, ApiKey, KeyId, KeyRefusal, StoredKey};
use super::principal::Principal;
use remembered::Remembered;
use uses::KnownKey;

/// Within this time the end of a key or a session holds on every node.
pub(super) const HOLDS_FOR: Duration = Duration::from_secs(5);

/// Entries of each kind.
const MOST: usize = 10_000;

pub(super) struct Known {
    store: Arc<dyn IdentityStore>,
    clock: Arc<dyn Clock>,
    keys: Remembered<KeyId, KnownKey>,
    sessions: Remembered<SessionId, SessionRecord>,
    /// When the last question for ends began that was answered: boot time in milliseconds, plus one; 0: none was.
    confirmed: AtomicU64,
    /// Uses of keys that are not kept any more.
    left: Mutex<Vec<KeyUse>>,
}

impl Known {
    pub(super) fn new(store: Arc<dyn IdentityStore>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            keys: Remembered::new(MOST),
            sessions: Remembered::new(MOST),
            confirmed: AtomicU64::new(0),
            left: Mutex::new(Vec::new()),
        }
    }

    /// What a key comes to, if that is known. Takes no lock that anybody waits for, and allocates nothing.
    pub(super) fn key(&self, presented: &ApiKey) -> Option<Result<Principal, KeyRefusal>> {
        let now = self.current()?;
        let wall = self.clock.now();
        self.keys
            .look(&presented.id(), now, |known| known.check(presented, wall))
    }

    /// Whether the key of that id counts, for a token that was made with it, if that is known.
    pub(super) fn key_counts(&self, id: KeyId) -> Option<Result<(), KeyRefusal>> {
        let now = self.current()?;
        let wall = self.clock.now();
        self.keys.look(&id, now, |known| known.counts_at(wall))
    }

    /// Whether a session counts, if that is known.
    pub(super) fn session_counts(&self, id: SessionId) -> Option<bool> {
        let now = self.current()?;
        let wall = self.clock.now();
        self.sessions.look(&id, now, |session| session.counts_at(wall))
    }

    /// Asks the store whom a key stands for, and notes that it was used.
    pub(super) async fn ask_key(&self, presented: &ApiKey) -> Result<Result<Principal, KeyRefusal>, StoreError> {
        let stored = self.read_key(presented.id()).await?;
        let wall = self.clock.now();
        let checked = api_key::check(presented, stored.as_ref(), wall);
        if checked.is_ok() {
            self.note_use(presented.id(), wall);
        }
        Ok(checked)
    }

    /// Asks the store whether the key of that id counts.
    pub(super) async fn ask_key_counts(&self, id: KeyId) -> Result<Result<(), KeyRefusal>, StoreError> {
        let stored = self.read_key(id).await?;
        Ok(stored.map_or(Err(KeyRefusal::Unknown), |key| key.counts_at(self.clock.now())))
    }

    /// Asks the store whether a session counts.
    pub(super) async fn ask_session_counts(&self, tenant: &TenantId, id: SessionId) -> Result<bool, StoreError> {
        let mark = self.sessions.mark();
        let read_at = self.clock.boot();
        let Some(session) = self.store.session(tenant, id).await? else {
            return Ok(false);
        };
        let counts = session.counts_at(self.clock.now());
        self.sessions.keep(mark, id, session, read_at);
        Ok(counts)
    }

    /// Asks the store whether the user that a principal is may log in.
    pub(super) async fn ask_user(&self, principal: &Principal) -> Result<(), AuthenticationError> {
        let id: UserId = principal.subject.parse().map_err(|_| AuthenticationError::User)?;
        let user = self.store.user(&principal.tenant, id).await?;
        user.filter(|user| user.active)
            .map(drop)
            .ok_or(AuthenticationError::User)
    }

    /// Forgets what counts no more.
    pub(super) fn end(&self, what: Revoked) {
        match what {
            Revoked::Key(id) => {
                let Some(id) = KeyId::of_store(id) else { return };
                let ended = self.keys.end(&id);
                self.leave(ended.map(|key| (id, key)));
            }
            Revoked::Session(id) => {
                self.sessions.end(&id);
            }
        }
    }

    /// Forgets all sessions: each that counts is asked for again.
    pub(super) fn end_sessions(&self) {
        drop(self.sessions.end_all());
    }

    async fn read_key(&self, id: KeyId) -> Result<Option<StoredKey>, StoreError> {
        // A text of the right letters whose number is too large was never made.
        let Some(stored_id) = id.to_store() else {
            return Ok(None);
        };
        let mark = self.keys.mark();
        let read_at = self.clock.boot();
        let Some(found) = self.store.key_for_authentication(stored_id).await? else {
            return Ok(None);
        };
        let stored = StoredKey::from(found);
        let displaced = self.keys.keep(mark, id, KnownKey::new(stored.clone()), read_at);
        self.leave(displaced);
        Ok(Some(stored))
    }

    /// Now, if what is kept counts now.
    fn current(&self) -> Option<Duration> {
        let now = self.clock.boot();
        let confirmed = self.confirmed.load(Ordering::Acquire).checked_sub(1)?;
        (millis(now).saturating_sub(confirmed) <= millis(HOLDS_FOR)).then_some(now)
    }

    /// Everything that ended before `began` is forgotten.
    fn confirm(&self, began: Duration) {
        self.confirmed.store(millis(began) + 1, Ordering::Release);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX - 1)
}
