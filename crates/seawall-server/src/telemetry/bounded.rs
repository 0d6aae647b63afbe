//! Label values that come from outside the program.

use std::collections::HashMap;

use parking_lot::RwLock;

/// What stands for all names beyond the bound.
pub(super) const OTHER: &str = "other";

/// A handle for each of the first `MOST` names, and one for all others together. Finding one allocates nothing.
pub(super) struct Bounded<T, const MOST: usize> {
    known: RwLock<HashMap<Box<str>, T>>,
    other: T,
}

impl<T: Clone, const MOST: usize> Bounded<T, MOST> {
    /// `other`: what [`OTHER`] gets.
    pub(super) fn new(other: T) -> Self {
        Self {
            known: RwLock::default(),
            other,
        }
    }

    /// Uses the handle of that name, which is made if it is new and there is room.
    pub(super) fn with(&self, name: &str, make: impl FnOnce(&str) -> T, work: impl FnOnce(&T)) {
        {
            let known = self.known.read();
            if let Some(handle) = known.get(name) {
                return work(handle);
            }
            // There is no room any more, nor will there be: nobody waits for anybody.
            if known.len() >= MOST {
                return work(&self.other);
            }
        }
        let mut known = self.known.write();
        // Somebody may have been faster.
        if let Some(handle) = known.get(name) {
            return work(handle);
        }
        if known.len() >= MOST {
            return work(&self.other);
        }
        let handle = make(name);
        work(&handle);
        known.insert(name.into(), handle);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn the_first_names_have_their_own_and_the_rest_share_one() {
        let other = Arc::new(AtomicU64::new(0));
        let names: Bounded<Arc<AtomicU64>, 2> = Bounded::new(Arc::clone(&other));
        let count = |name: &str| {
            let mut seen = 0;
            names.with(
                name,
                |_| Arc::default(),
                |handle| seen = handle.fetch_add(1, Ordering::Relaxed) + 1,
            );
            seen
        };
        assert_eq!(["a", "b", "a", "c", "d", "b", "c"].map(count), [1, 1, 2, 1, 2, 2, 3]);
        assert_eq!(other.load(Ordering::Relaxed), 3);
    }
}
