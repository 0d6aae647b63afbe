//! Durable runs: definitions and their validation, pure commands and events, and the runtime that leases, replays and
//! executes. Knows neither HTTP nor LLMs nor SQL.

mod api;
mod clock;
mod core;
mod datum;
mod definition;
mod effect;
mod entropy;
mod executor;
mod export;
#[cfg(test)]
mod fixtures;
mod journal;
mod names;
mod observer;
mod replay;
mod runtime;
mod schedule;
mod verify;

pub use self::core::{
    Action, ActivityState, ApprovalRequested, AttemptPlan, BlockReason, ChildStarted, Command, CopiedStatus, Decided,
    Decision, Env, Event, FoundChild, MapItems, Message, Phase, Recorded, ReplayError, Resolution, RetryDue,
    RunCreated, RunError, RunState, ScheduledFor, StepCopied, StepStarted, StepState, StepStatus, Supersession,
    TaskEnd, TaskEnded, TaskOffered, TaskPlan, Wait, Withdrawal, decide,
};
pub use api::{
    BulkAnswer, BulkItem, BulkOutcome, BulkRequest, BulkVerb, ClaimTasks, CreateRun, Engine, EngineError, EngineParts,
    ErrorView, ForkRun, IdempotentRequest, InputMatch, JournalItem, JournalPart, PartView, Principal, QueueView,
    Reason, RunSearch, RunStarted, RunView, ScheduleCreated, ScheduleRequest, ScheduleView, SetQueue, StepView,
    TaskFailure, TaskOutput, TaskView, WorkerView, WorkflowCreated, WorkflowSource,
};
pub use clock::Clock;
pub use datum::Datum;
pub use definition::{
    Approval, ApprovalTimeout, Backoff, ChildWorkflow, Compiled, Concurrency, Condition, Conflict, DebounceRule,
    Definition, DefinitionError, DefinitionWarning, DurationError, FlowControl, FlowError, FlowPlan, Format, Gate,
    InputError, InputSchema, InvalidDefinition, ItemErrors, ItemFacts, Jitter, Kind, MAX_DURATION, MAX_RATE,
    MAX_SOURCE_BYTES, MapStep, OnError, Parsed, Position, PropertyType, Quiet, RateError, Reconcile, Rendered,
    RetryPolicy, RunFacts, Scope, SecretPart, SecretSlot, SleepTime, SourceMap, Step, StepFacts, TaskStep, Template,
    compile, compile_text, parse, parse_duration, parse_rate, rate_text, workflow_schema,
};
pub use effect::EffectClass;
pub use entropy::{Entropy, OsEntropy};
pub use executor::{
    Attempt, AttemptContext, BeginRefused, Executor, Fence, FieldShape, FieldSpec, KindSpec, NoSecrets, Outcome,
    Registry, SecretError, SecretSource, StepError,
};
pub use export::{DocumentError, DocumentRun, Export, MAX_DOCUMENT_BYTES, RunDocument};
pub use journal::{CodecError, MAX_VALUE_DEPTH, READER_VERSION, is_too_deep};
pub use names::{ActivityRef, EffectKey, Part, StepId};
pub use observer::{Fact, ObservedRun, Observer, Span, StepEnd};
pub use replay::{Comparison, Divergence, Finding, FindingKind, Verdict, replay, replay_changed};
pub use runtime::EngineConfig;
pub use schedule::{CatchUp, ScheduleSettings, ScheduleTiming};
pub use seawall_store as store;
pub use verify::{VerifyFinding, VerifyFindingKind, VerifyReport, verify};
