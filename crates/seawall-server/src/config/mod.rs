//! Configuration: the environment, then `.env.<ENVIRONMENT>` (never in production), typed, all errors at once.
//!
//! [`Config::load`] is the only place of the house that reads the process environment; the file is read into a map, never
//! into the environment. [`Config::from_map`] is the same without either. Only variables of features that exist are
//! obeyed: one that names a missing backend is an error, one of another missing feature a warning.

mod credentials;
mod dotenv;
mod edge;
mod environment;
mod error;
mod model;
mod named_secret;
mod names;
mod oidc;
mod reader;
mod secret_key;
mod secrets;
mod values;

pub use credentials::Credentials;
pub(crate) use credentials::bearer;
pub use edge::{Edge, Origins};
pub use environment::Environment;
pub use error::{ConfigError, ConfigErrors};
pub use model::{Config, Docs, LogFormat, RequestLimits};
pub use names::{Variable, known_variables};
pub use secret_key::SecretKey;
pub use secrets::StepSecrets;
