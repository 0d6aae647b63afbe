//! When keys were used: noted beside what is kept of them, written in batches.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use seawall_store::{KeyUse, KeyUses, Timestamp};

use super::Known;
use crate::identity::api_key::{self, ApiKey, KeyId, KeyRefusal, StoredKey};
use crate::identity::principal::Principal;

/// Uses of keys that are not kept any more and could not be written yet. Beyond it they are lost: they say about when.
const MOST_LEFT: usize = 1024;

/// Writing uses must not keep anybody from hearing of ends.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) struct KnownKey {
    stored: StoredKey,
    /// Milliseconds; 0: not since it was written.
    used: AtomicI64,
}

impl KnownKey {
    pub(super) const fn new(stored: StoredKey) -> Self {
        Self {
            stored,
            used: AtomicI64::new(0),
        }
    }

    pub(super) fn check(&self, presented: &ApiKey, now: Timestamp) -> Result<Principal, KeyRefusal> {
        let principal = api_key::check(presented, Some(&self.stored), now)?;
        self.note_use(now);
        Ok(principal)
    }

    pub(super) fn counts_at(&self, now: Timestamp) -> Result<(), KeyRefusal> {
        self.stored.counts_at(now)
    }

    fn note_use(&self, now: Timestamp) {
        let now = now.as_millis();
        // Once a second: all threads read this line, none shall have to wait for it.
        if now.saturating_sub(self.used.load(Ordering::Relaxed)) >= 1_000 {
            self.used.store(now, Ordering::Relaxed);
        }
    }

    fn take_use(&self, id: KeyId) -> Option<KeyUse> {
        if self.used.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let at = Timestamp::from_millis(self.used.swap(0, Ordering::Relaxed));
        Some(KeyUse { id: id.to_store()?, at })
    }
}

impl Known {
    pub(super) fn note_use(&self, id: KeyId, now: Timestamp) {
        if self.keys.touch(&id, |known| known.note_use(now)) {
            return;
        }
        if let Some(id) = id.to_store() {
            self.put_aside([KeyUse { id, at: now }]);
        }
    }

    /// Keeps the uses of keys that go.
    pub(super) fn leave(&self, gone: impl IntoIterator<Item = (KeyId, KnownKey)>) {
        let uses = gone.into_iter().filter_map(|(id, known)| known.take_use(id));
        self.put_aside(uses);
    }

    fn put_aside(&self, uses: impl IntoIterator<Item = KeyUse>) {
        let mut left = self.left.lock();
        let room = MOST_LEFT.saturating_sub(left.len());
        left.extend(uses.into_iter().take(room));
    }

    /// Writes down which keys were used since the last time. What cannot be written now is, the next time.
    pub(super) async fn write_uses(&self) {
        let mut uses = std::mem::take(&mut *self.left.lock());
        self.keys.each(|id, known| uses.extend(known.take_use(*id)));
        while !uses.is_empty() {
            let batch = KeyUses::take_from(&mut uses);
            let again: Vec<KeyUse> = batch.iter().copied().collect();
            let written = tokio::time::timeout(PATIENCE, self.store.record_key_uses(batch)).await;
            if !matches!(written, Ok(Ok(()))) {
                tracing::debug!("the last uses of keys could not be written; they are, the next time");
                self.put_aside(again.into_iter().chain(uses));
                return;
            }
        }
    }
}
