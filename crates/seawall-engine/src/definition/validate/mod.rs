//! What a definition may hold, and the checks. The tables in [`fields`] are the one list of fields: the validator reads
//! through them, and the published schema is made from them.

mod constants;
mod core_kinds;
mod fields;
mod flow;
mod flow_fields;
mod graph;
mod kinds;
mod limits;
mod object;
mod parts;
mod policy;
mod step;
mod suspicious;
mod with;
mod workflow;

pub(super) use core_kinds::{CORE_KINDS, Nature};
pub(super) use fields::{COMPENSATION, Field, ITEM_STEP, RECONCILIATION, ROOT, STEP, Shape};
pub(super) use workflow::validate;
