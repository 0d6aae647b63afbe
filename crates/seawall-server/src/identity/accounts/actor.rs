use seawall_store::RequestId;

use crate::identity::Principal;

/// Who does something, and in which request: what an audit record says of it.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    pub(crate) principal: Principal,
    pub(crate) request: Option<RequestId>,
}
