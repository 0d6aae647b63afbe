//! One folder for each resource, one file for each verb. A handler parses, calls one function of the engine, maps.

pub(crate) mod api_keys;
pub(crate) mod approvals;
pub(crate) mod audit;
pub(crate) mod auth;
pub(crate) mod docs;
pub(crate) mod health;
pub(crate) mod queues;
pub(crate) mod runs;
pub(crate) mod schedules;
pub(crate) mod tasks;
pub(crate) mod telemetry;
pub(crate) mod users;
pub(crate) mod workflows;
