use thiserror::Error;

use super::Rejected;

/// Why a call gave nothing.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum CallError<E> {
    /// It was not made.
    #[error(transparent)]
    Rejected(Rejected),
    /// It was made, and failed.
    #[error("the call failed")]
    Failed(#[source] E),
}
