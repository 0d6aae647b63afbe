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
    /// What else there is by name, in compensations and reconcile steps: see [`extra_names`].
    pub extras: Vec<(&'static str, Datum)>,
}

/// Names that exist in some places only.
pub(crate) mod extra_names {
    /// In the compensation of an item: its output.
    pub(crate) const ITEM_OUTPUT: &str = "item_output";
    /// In a reconcile step: the key under which the attempt was made whose outcome is unknown.
    pub(crate) const EFFECT_KEY: &str = "effect_key";
    /// Which attempt that was.
    pub(crate) const ATTEMPT: &str = "attempt";
    /// Why its outcome is unknown: `{code, message}`.
    pub(crate) const ERROR: &str = "error";
    /// In the `answer` of a reconcile step: its output.
    pub(crate) const RESULT: &str = "result";

    pub(crate) const ITEM_COMPENSATION: &[&str] = &[ITEM_OUTPUT];
    pub(crate) const RECONCILE: &[&str] = &[EFFECT_KEY, ATTEMPT, ERROR];
    pub(crate) const ANSWER: &[&str] = &[EFFECT_KEY, ATTEMPT, ERROR, RESULT];
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
