//! Chance, as an argument. Nobody in this room asks for random bits or a new id except through [`Entropy`]: a test that
//! fixes them, the clock and the store gets the same run of the runtime again.

use uuid::Uuid;

/// Where random bits and new ids come from.
pub trait Entropy: Send + Sync + 'static {
    /// Evenly distributed bits. They spread retries and are no secret.
    fn bits(&self) -> u64;

    /// A new id, of version 7: it sorts by the time of its making.
    fn uuid(&self) -> Uuid;
}

/// The operating system's.
#[derive(Clone, Copy, Default, Debug)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn bits(&self) -> u64 {
        rand::random()
    }

    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}
