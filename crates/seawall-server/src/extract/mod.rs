//! What handlers take from requests.

mod acting;
mod definition;
mod follower;
mod idempotency;
mod ids;
mod page;
mod precondition;
mod prefer;
mod search;
mod trace;

pub(crate) use acting::{Acting, Anybody, InRequest};
pub(crate) use definition::{CheckedDefinition, DefinitionBody, KeyedDefinition};
pub(crate) use follower::Follower;
pub(crate) use idempotency::{KeyOnly, Keyed, REPLAYED};
pub(crate) use ids::{ActivityId, Id, Queue, workflow_ref};
pub(crate) use page::page;
pub(crate) use precondition::{Expected, etag, expected};
pub(crate) use prefer::wait_of;
pub(crate) use search::{RunsQueryParts, at_most, input_match, status, time};
pub(crate) use trace::Traced;
