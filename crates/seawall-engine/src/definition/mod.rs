//! Definitions: what an author writes, checked once and compiled for every run of it.

mod duration;
mod errors;
mod model;
mod rendered;
mod schema_check;
mod scope;
mod template;

pub use duration::{DurationError, parse_duration};
pub use errors::{DefinitionError, InputError};
pub use model::{
    Approval, ApprovalTimeout, Backoff, ChildWorkflow, Definition, ItemErrors, Jitter, Kind, MapStep, OnError,
    RetryPolicy, SleepTime, Step,
};
pub use rendered::{Rendered, SecretPart, SecretSlot};
pub use schema_check::InputSchema;
pub use scope::{ItemFacts, RunFacts, Scope, StepFacts};
pub use template::{Condition, Template};
