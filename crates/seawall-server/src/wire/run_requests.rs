use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::exact::{exact, exact_option};

fn empty() -> Value {
    Value::Object(Map::new())
}

/// A run of a registered workflow.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"input": {"name": "Ada"}, "priority": 10}))]
pub(crate) struct CreateRun {
    /// What the workflow's input schema asks for; `{}` when it is left out.
    #[serde(default = "empty", deserialize_with = "exact")]
    pub(crate) input: Value,
    /// -100 to 100, before what the definition says. One point is worth 10 s of waiting.
    #[schema(minimum = -100, maximum = 100)]
    pub(crate) priority: Option<i64>,
}

/// A run of a definition that comes along, or of a registered workflow by name or id.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "workflow": {"name": "greet", "steps": [
        {"id": "hello", "kind": "transform", "with": {"value": "Hello, {{ input.name }}"}}
    ]},
    "input": {"name": "Ada"}
}))]
pub(crate) struct CreateInlineRun {
    /// A definition, or a name.
    #[serde(deserialize_with = "exact")]
    pub(crate) workflow: Value,
    #[serde(default = "empty", deserialize_with = "exact")]
    pub(crate) input: Value,
    /// -100 to 100, before what the definition says. One point is worth 10 s of waiting.
    #[schema(minimum = -100, maximum = 100)]
    pub(crate) priority: Option<i64>,
}

/// A run that does another one again from a step on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from_step": "report", "input": {"name": "Ada"}}))]
pub(crate) struct ForkRun {
    /// The first step that is done again. Whatever needs it is, too; the results of all others are copied.
    pub(crate) from_step: String,
    /// The other run's input when it is left out.
    #[serde(default, deserialize_with = "exact_option")]
    pub(crate) input: Option<Value>,
    /// The other run's definition when it is left out.
    #[serde(default, deserialize_with = "exact_option")]
    pub(crate) definition: Option<Value>,
}

/// A signal for a run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id": "invoice-17", "payload": {"paid": true}}))]
pub(crate) struct Signal {
    /// A signal of the same id is taken once.
    pub(crate) id: Option<String>,
    #[serde(default, deserialize_with = "exact")]
    pub(crate) payload: Value,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ResolveOutcome {
    Succeeded,
    Failed,
    /// It had no effect, or may be repeated.
    Retry,
}

/// How an unknown outcome is settled.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"outcome": "succeeded", "output": {"exit_code": 0}}))]
pub(crate) struct Resolve {
    pub(crate) outcome: ResolveOutcome,
    /// With `succeeded`: the step's output, null when it is left out.
    #[serde(default, deserialize_with = "exact_option")]
    pub(crate) output: Option<Value>,
    /// With `failed`: the error's message.
    pub(crate) message: Option<String>,
}
