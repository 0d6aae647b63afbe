use std::borrow::Cow;
use std::sync::Arc;

use seawall_engine::{DefinitionError, EngineError};
use seawall_guard::problem::FieldError;
use seawall_store::WorkflowRecord;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::Time;

/// A workflow without its definition.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkflowSummary {
    #[schema(example = "wf_01h455vb4pex5vsknk084sn02q")]
    id: String,
    #[schema(value_type = String, example = "repo-report")]
    name: Arc<str>,
    description: Option<String>,
    version: u32,
    /// When version 1 was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When this version was made.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Time,
}

impl From<WorkflowRecord> for WorkflowSummary {
    fn from(record: WorkflowRecord) -> Self {
        Self {
            id: record.id.to_string(),
            name: record.name,
            description: record.description,
            version: record.version,
            created_at: Time(record.created_at),
            updated_at: Time(record.updated_at),
        }
    }
}

/// One version of a workflow.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Workflow {
    #[schema(example = "wf_01h455vb4pex5vsknk084sn02q")]
    id: String,
    #[schema(value_type = String, example = "greet")]
    name: Arc<str>,
    description: Option<String>,
    version: u32,
    #[schema(value_type = Object, example = json!({"name": "greet", "steps": [
        {"id": "hello", "kind": "transform", "with": {"value": "Hello, {{ input.name }}"}}
    ]}))]
    definition: Box<RawValue>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Time,
}

impl TryFrom<WorkflowRecord> for Workflow {
    type Error = EngineError;

    fn try_from(record: WorkflowRecord) -> Result<Self, EngineError> {
        let definition = RawValue::from_string(record.source.to_string())
            .map_err(|_| EngineError::Corrupt(format!("the definition of {} is no JSON", record.id)))?;
        Ok(Self {
            id: record.id.to_string(),
            name: record.name,
            description: record.description,
            version: record.version,
            definition,
            created_at: Time(record.created_at),
            updated_at: Time(record.updated_at),
        })
    }
}

/// Whether a definition is valid, and everything that is wrong with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"valid": false, "errors": [
    {"pointer": "/steps/0/kind", "message": "unknown kind `htp`; did you mean `http`?", "code": "unknown-kind"}
]}))]
pub(crate) struct Validation {
    pub(crate) valid: bool,
    pub(crate) errors: Vec<ValidationError>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValidationError {
    /// JSON Pointer into the definition.
    pointer: String,
    message: String,
    #[schema(value_type = String)]
    code: Cow<'static, str>,
}

impl From<DefinitionError> for ValidationError {
    fn from(error: DefinitionError) -> Self {
        Self {
            pointer: error.pointer,
            message: error.message,
            code: Cow::Borrowed(error.code),
        }
    }
}

impl From<FieldError> for ValidationError {
    fn from(error: FieldError) -> Self {
        Self {
            pointer: error.pointer,
            message: error.message,
            code: error.code,
        }
    }
}
