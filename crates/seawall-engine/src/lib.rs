//! Durable runs: definitions and their validation, pure commands and events, and the runtime that leases, replays and
//! executes. Knows neither HTTP nor LLMs nor SQL.

mod api;
mod clock;
mod core;
mod datum;
mod definition;
mod effect;
mod executor;
#[cfg(test)]
mod fixtures;
mod journal;
mod names;
mod runtime;

pub use self::core::{
    Action, ActivityState, ApprovalRequested, AttemptPlan, BlockReason, ChildStarted, Command, CopiedStatus, Decided,
    Decision, Env, Event, MapItems, Message, Phase, Recorded, ReplayError, Resolution, RunCreated, RunError, RunState,
    StepCopied, StepStarted, StepState, StepStatus, Wait, decide,
};
pub use api::{
    CreateRun, Engine, EngineError, EngineParts, ErrorView, ForkRun, IdempotentRequest, JournalItem, PartView,
    Principal, Reason, RunStarted, RunView, StepView, WorkflowCreated, WorkflowSource,
};
pub use clock::Clock;
pub use datum::Datum;
pub use definition::{
    Approval, ApprovalTimeout, Backoff, ChildWorkflow, Compiled, Condition, Definition, DefinitionError,
    DefinitionWarning, DurationError, Format, InputError, InputSchema, InvalidDefinition, ItemErrors, ItemFacts,
    Jitter, Kind, MAX_DURATION, MAX_SOURCE_BYTES, MapStep, OnError, Parsed, Position, PropertyType, Reconcile,
    Rendered, RetryPolicy, RunFacts, Scope, SecretPart, SecretSlot, SleepTime, SourceMap, Step, StepFacts, Template,
    compile, compile_text, parse, parse_duration, workflow_schema,
};
pub use effect::EffectClass;
pub use executor::{
    Attempt, AttemptContext, BeginRefused, Executor, Fence, FieldShape, FieldSpec, KindSpec, NoSecrets, Outcome,
    Registry, SecretError, SecretSource, StepError,
};
pub use journal::{CodecError, MAX_VALUE_DEPTH, READER_VERSION, is_too_deep};
pub use names::{ActivityRef, EffectKey, Part, StepId};
pub use runtime::EngineConfig;
pub use seawall_store as store;
