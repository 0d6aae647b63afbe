//! Definitions: what an author writes, checked once and compiled for every run of it.

mod compile;
mod duration;
mod flow;
mod model;
mod nearest;
mod parse;
mod place;
mod rate;
mod rendered;
mod report;
mod schema;
mod schema_bounds;
mod schema_check;
mod scope;
mod template;
mod validate;

pub use compile::{Compiled, InvalidDefinition, compile, compile_text};
pub use duration::{DurationError, MAX_DURATION, parse_duration};
pub(crate) use flow::MAX_PRIORITY;
pub use flow::{Concurrency, Conflict, DebounceRule, FlowControl, FlowError, FlowPlan, Gate, Quiet};
pub(crate) use model::MAX_SIGNAL_NAME;
pub use model::{
    Approval, ApprovalTimeout, Backoff, ChildWorkflow, Definition, ItemErrors, Jitter, Kind, MapStep, OnError,
    Reconcile, RetryPolicy, SleepTime, Step, TaskStep,
};
pub use parse::{Format, MAX_SOURCE_BYTES, Parsed, SourceMap, parse};
pub use rate::{MAX_RATE, RateError, parse_rate, rate_text};
pub use rendered::{Rendered, SecretPart, SecretSlot};
pub use report::{DefinitionError, DefinitionWarning, Position};
pub use schema::workflow_schema;
pub use schema_check::{InputError, InputSchema, PropertyType};
pub(crate) use scope::extra_names;
pub use scope::{ItemFacts, RunFacts, Scope, StepFacts};
pub use template::{Condition, Template};
