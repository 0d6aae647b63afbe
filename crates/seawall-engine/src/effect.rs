//! What may be done again after a crash.

use std::fmt;

/// How an effect behaves when nobody knows whether it happened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EffectClass {
    /// Nothing outside changes or is read: computed again.
    Pure,
    /// Reads only: done again.
    Read,
    /// May be repeated under the same effect key. Its start is durable before it begins.
    Idempotent,
    /// Must not happen twice. Its start is durable before it begins; a crash in mid-attempt leaves it unknown.
    Once,
}

impl EffectClass {
    pub const ALL: [Self; 4] = [Self::Pure, Self::Read, Self::Idempotent, Self::Once];

    /// The name in definitions and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pure => "pure",
            Self::Read => "read",
            Self::Idempotent => "idempotent",
            Self::Once => "once",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == text)
    }

    /// The output commit rule: whether the run's whole prefix must be durable before an attempt begins.
    #[must_use]
    pub const fn waits_for_durability(self) -> bool {
        matches!(self, Self::Idempotent | Self::Once)
    }
}

impl fmt::Display for EffectClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
