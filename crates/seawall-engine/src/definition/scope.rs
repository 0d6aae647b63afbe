//! What templates can look at.

use std::sync::Arc;

use seawall_store::{RunId, Timestamp};

use crate::datum::Datum;
use crate::names::StepId;

/// `input`, `steps.<id>`, `run` and, inside a map, the item's variable and `index`.
#[derive(Clone, Debug)]
pub struct Scope {
    pub input: Datum,
    /// Only the steps that are referenced.
    pub steps: Vec<StepFacts>,
    pub run: RunFacts,
    pub item: Option<ItemFacts>,
}

/// `steps.<id>.output`, `.status`, `.error`.
#[derive(Clone, Debug)]
pub struct StepFacts {
    pub id: StepId,
    pub output: Datum,
    pub status: &'static str,
    /// `{code, message}` or null.
    pub error: Datum,
}

/// `run.id`, `run.created_at` (RFC 3339), `run.attempt`.
#[derive(Clone, Debug)]
pub struct RunFacts {
    pub id: RunId,
    pub created_at: Timestamp,
    /// 1, and one more for each retry of the run.
    pub attempt: u32,
}

/// The map variable.
#[derive(Clone, Debug)]
pub struct ItemFacts {
    pub variable: Arc<str>,
    pub value: Datum,
    pub index: u32,
}
