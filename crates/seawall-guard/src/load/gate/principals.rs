use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::load::PrincipalKey;

/// How many calls a principal has. Known of those who have any, and of nobody else: so the table is as bounded as they are.
#[derive(Clone, Debug)]
pub(super) struct Principals {
    holds: HashMap<u64, Holds, BuildHasherDefault<Hashed>>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Holds {
    pub(super) in_flight: u32,
    pub(super) waiting: u32,
}

impl Holds {
    pub(super) const fn all(self) -> u32 {
        self.in_flight + self.waiting
    }
}

impl Principals {
    /// Twice as much room as needed: a table that is at most half full cleans up what left without growing.
    pub(super) fn with_room_for(most: usize) -> Self {
        Self {
            holds: HashMap::with_capacity_and_hasher(2 * most, BuildHasherDefault::default()),
        }
    }

    pub(super) fn of(&self, key: PrincipalKey) -> Holds {
        self.holds.get(&key.0).copied().unwrap_or_default()
    }

    pub(super) fn change(&mut self, key: PrincipalKey, change: impl FnOnce(&mut Holds)) {
        let holds = self.holds.entry(key.0).or_default();
        change(holds);
        if *holds == Holds::default() {
            self.holds.remove(&key.0);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.holds.len()
    }
}

/// Keys are hashes already.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
