use std::fmt;
use std::sync::{Arc, OnceLock};

/// Who asks: an id, never a secret or a name.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PrincipalId(pub Arc<str>);

impl fmt::Display for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where whoever finds out who asks tells it to the access log, in the extensions of a request: before there is an answer, because
/// there may never be one. Clones are the same place.
#[derive(Clone, Default, Debug)]
pub struct PrincipalSlot(Arc<OnceLock<PrincipalId>>);

impl PrincipalSlot {
    /// Only the first counts.
    pub fn set(&self, id: PrincipalId) {
        let _ = self.0.set(id);
    }

    #[must_use]
    pub fn get(&self) -> Option<&PrincipalId> {
        self.0.get()
    }
}
