//! The HTTP room: configuration, the accept loop, the guard stack, the routes and their handlers, the API's description.
//!
//! `serve -> accept -> stack (one ordered list) -> router (one table) -> handlers/<resource>/<verb> -> engine handle`.
//! Errors go through one place (`error`) and leave as problem documents. [`router`] is the whole of it without a socket.
//!
//! Who asks is found out by the stack and asked for by each handler's arguments ([`identity::Scoped`]).
//!
//! What it does not do: choose a backend, decide anything about a run, print.

mod accept;
mod admin_key;
mod config;
mod dev_secret;
mod error;
mod extract;
mod handlers;
pub mod identity;
mod once;
mod openapi;
mod problems;
mod ready;
mod router;
mod serve;
mod stack;
mod state;
mod telemetry;
mod traces;
mod wire;

pub use accept::connections_at_most;
pub use admin_key::{AdminKey, AdminKeyError, audit_goes_on, client_credential, put_admin_key};
pub use config::{
    Config, ConfigError, ConfigErrors, Credentials, Docs, Edge, Environment, LogFormat, Origins, OtlpProtocol,
    RequestLimits, SecretKey, StepSecrets, Traces, Variable, known_variables,
};
pub use dev_secret::settle_secret_key;
pub use problems::CATALOG;
pub use router::{local_router, openapi_json, router};
pub use serve::{ServeError, Server, serve};
pub use stack::guarded;
pub use state::{AppState, Parts};
pub use telemetry::{Observation, Telemetry};
pub use traces::{Tracer, TracesError};
