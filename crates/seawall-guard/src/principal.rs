use std::fmt;
use std::sync::Arc;

/// Who asked, in the extensions of an answer, where access logs read it: an id, never a secret or a name.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PrincipalId(pub Arc<str>);

impl fmt::Display for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
