//! Where a record and what is decided today part.

use seawall_store::Seq;
use serde_json::Value;

/// What came of replaying a record with its own definition.
#[derive(Clone, PartialEq, Debug)]
pub enum Verdict {
    /// Every recorded event was decided again.
    Identical,
    Diverges(Box<Divergence>),
}

/// The first place at which they part. Events are shown in their stored form: there, nothing is left out.
#[derive(Clone, PartialEq, Debug)]
pub struct Divergence {
    pub seq: Seq,
    /// None: the record ends inside a decision.
    pub recorded: Option<Value>,
    /// None: nothing that a run can be told leads to the recorded event here.
    pub decided: Option<Value>,
}
