//! How effects are carried out. The built-in ones live in `seawall-steps`; agents bring theirs through the same trait.

mod attempt;
mod outcome;
mod registry;
mod secrets;

pub use attempt::{Attempt, AttemptContext, BeginRefused, Fence};
pub use outcome::{Outcome, StepError};
pub(crate) use outcome::{bounded, bounded_to};
pub use registry::{FieldShape, FieldSpec, KindSpec, Registry};
pub use secrets::{NoSecrets, SecretError, SecretSource};

use futures_util::future::BoxFuture;

/// Carries out attempts of one kind of step.
///
/// An executor is called once per attempt and never repeats the effect by itself. It calls [`Fence::begin`] right before the
/// first byte or the spawn, watches [`AttemptContext::cancel`], bounds what it reads, and says honestly what it knows:
/// see [`Outcome`].
pub trait Executor: Send + Sync + 'static {
    /// The kind's name, fields and default effect, for validation and the schema.
    fn spec(&self) -> &KindSpec;

    fn execute(&self, attempt: Attempt, context: AttemptContext) -> BoxFuture<'static, Outcome>;
}
