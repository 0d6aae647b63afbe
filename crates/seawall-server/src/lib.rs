//! The HTTP room: configuration, the accept loop, the guard stack, the routes and their handlers, the API's description.
//!
//! `serve -> accept -> stack (one ordered list) -> router (one table) -> handlers/<resource>/<verb> -> engine handle`.
//! Errors go through one place (`error`) and leave as problem documents. [`router`] is the whole of it without a socket.
//!
//! What it does not do: choose a backend, decide anything about a run, print. Until identity exists every request acts
//! for the local principal, which is why only loopback is served.

mod accept;
mod config;
mod error;
mod extract;
mod handlers;
pub mod identity;
mod once;
mod openapi;
mod problems;
mod router;
mod serve;
mod stack;
mod state;
mod wire;

pub use config::{
    Config, ConfigError, ConfigErrors, Docs, Edge, Environment, LogFormat, Origins, RequestLimits, SecretKey,
    StepSecrets, Variable, known_variables,
};
pub use problems::CATALOG;
pub use router::{openapi_json, router};
pub use serve::{ServeError, Server, serve};
pub use stack::guarded;
pub use state::{AppState, Parts};
