//! What handlers take from requests.

mod definition;
mod idempotency;
mod ids;
mod page;
mod precondition;
mod prefer;
mod search;

pub(crate) use definition::{CheckedDefinition, DefinitionBody, KeyedDefinition};
pub(crate) use idempotency::{Keyed, REPLAYED};
pub(crate) use ids::{ActivityId, Id, Queue, workflow_ref};
pub(crate) use page::page;
pub(crate) use precondition::{Expected, etag, expected};
pub(crate) use prefer::wait_of;
pub(crate) use search::{RunsQueryParts, at_most, input_match, status, time};
