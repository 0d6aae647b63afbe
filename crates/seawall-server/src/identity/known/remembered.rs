use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use parking_lot::RwLock;

/// How long an entry is believed before the store is asked again, though nothing was heard against it.
const KEPT_FOR: Duration = Duration::from_secs(60);

/// What was read of things that may end, at most so many. Nothing is kept of what the store does not have: whoever makes
/// names up fills nothing.
pub(super) struct Remembered<K, V> {
    most: usize,
    inner: RwLock<Inner<K, V>>,
}

struct Inner<K, V> {
    entries: HashMap<K, Entry<V>>,
    /// How often something has ended.
    ends: u64,
}

struct Entry<V> {
    value: V,
    read_at: Duration,
}

/// How far ends were known when a read began.
#[derive(Clone, Copy)]
pub(super) struct Mark(u64);

impl<K: Copy + Eq + Hash, V> Remembered<K, V> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            inner: RwLock::new(Inner {
                entries: HashMap::new(),
                ends: 0,
            }),
        }
    }

    pub(super) fn look<R>(&self, key: &K, now: Duration, see: impl FnOnce(&V) -> R) -> Option<R> {
        let inner = self.inner.read();
        let entry = inner.entries.get(key)?;
        (now.saturating_sub(entry.read_at) < KEPT_FOR).then(|| see(&entry.value))
    }

    /// To be taken before what is to be kept is read.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.inner.read().ends)
    }

    /// Keeps what was read after `mark`, unless something has ended since: the read may have come before that end, and what
    /// is not kept is read again. Gives what had to make room.
    pub(super) fn keep(&self, mark: Mark, key: K, value: V, read_at: Duration) -> Option<(K, V)> {
        let mut inner = self.inner.write();
        if inner.ends != mark.0 {
            return None;
        }
        let is_full = inner.entries.len() >= self.most && !inner.entries.contains_key(&key);
        // Whichever: each can be read again.
        let victim = is_full.then(|| inner.entries.keys().next().copied()).flatten();
        let victim = victim.and_then(|victim| Some((victim, inner.entries.remove(&victim)?.value)));
        let former = inner.entries.insert(key, Entry { value, read_at });
        former.map(|entry| (key, entry.value)).or(victim)
    }

    pub(super) fn end(&self, key: &K) -> Option<V> {
        let mut inner = self.inner.write();
        inner.ends += 1;
        inner.entries.remove(key).map(|entry| entry.value)
    }

    pub(super) fn end_all(&self) -> impl Iterator<Item = (K, V)> {
        let mut inner = self.inner.write();
        inner.ends += 1;
        let entries = std::mem::take(&mut inner.entries);
        entries.into_iter().map(|(key, entry)| (key, entry.value))
    }

    /// Every entry, of whatever age.
    pub(super) fn each(&self, mut see: impl FnMut(&K, &V)) {
        for (key, entry) in &self.inner.read().entries {
            see(key, &entry.value);
        }
    }

    /// One entry, of whatever age. Whether there is one.
    pub(super) fn touch(&self, key: &K, see: impl FnOnce(&V)) -> bool {
        let inner = self.inner.read();
        let found = inner.entries.get(key);
        if let Some(entry) = found {
            see(&entry.value);
        }
        found.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(100);

    fn see(kept: &Remembered<u32, u32>, key: u32, later: Duration) -> Option<u32> {
        kept.look(&key, START + later, |value| *value)
    }

    #[test]
    fn an_entry_is_believed_for_its_time_and_no_more_than_so_many_are_kept() {
        let kept = Remembered::new(2);
        kept.keep(kept.mark(), 1, 10, START);
        assert_eq!(see(&kept, 1, KEPT_FOR - Duration::from_millis(1)), Some(10));
        assert_eq!(see(&kept, 1, KEPT_FOR), None);
        assert_eq!(kept.keep(kept.mark(), 1, 11, START + KEPT_FOR), Some((1, 10)));
        assert_eq!(see(&kept, 1, KEPT_FOR), Some(11));
        assert_eq!(kept.keep(kept.mark(), 2, 20, START), None);
        let (gone, _) = kept.keep(kept.mark(), 3, 30, START).unwrap();
        assert_eq!(see(&kept, 3, Duration::ZERO), Some(30));
        assert_eq!(see(&kept, gone, Duration::ZERO), None);
        let mut count = 0;
        kept.each(|_, _| count += 1);
        assert_eq!(count, 2);
    }

    #[test]
    fn what_was_read_before_something_ended_is_not_kept() {
        let kept = Remembered::new(2);
        let ends: [fn(&Remembered<u32, u32>); 2] = [
            |kept| {
                kept.end(&1);
            },
            |kept| drop(kept.end_all()),
        ];
        for end in ends {
            let before = kept.mark();
            end(&kept);
            kept.keep(before, 1, 10, START);
            assert_eq!(see(&kept, 1, Duration::ZERO), None);
            kept.keep(kept.mark(), 1, 10, START);
            assert_eq!(see(&kept, 1, Duration::ZERO), Some(10));
        }
    }
}
