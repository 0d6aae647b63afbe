use std::any::Any;
use std::sync::Arc;

use crate::manual_clock::ManualClock;
use crate::roles::{IdentityStore, Store};

/// A fresh, empty store under test and the clock that it reads.
pub struct Subject {
    pub store: Arc<dyn Store>,
    /// The same one, by its other face.
    pub identity: Arc<dyn IdentityStore>,
    pub clock: ManualClock,
    /// Registering a node buries all others, as in the embedded store.
    pub exclusive: bool,
    /// What must live as long as the store, such as its temporary directory.
    keep: Vec<Box<dyn Any + Send + Sync>>,
}

impl Subject {
    #[must_use]
    pub fn new<S: Store + IdentityStore>(store: Arc<S>, clock: ManualClock, exclusive: bool) -> Self {
        Self {
            identity: Arc::clone(&store) as Arc<dyn IdentityStore>,
            store,
            clock,
            exclusive,
            keep: Vec::new(),
        }
    }

    /// Drops `guard` after the store's last handle here.
    #[must_use]
    pub fn keeping(mut self, guard: impl Any + Send + Sync) -> Self {
        self.keep.push(Box::new(guard));
        self
    }
}
