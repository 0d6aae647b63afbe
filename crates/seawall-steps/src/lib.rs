//! Executors of the built-in effectful steps: `http` and `command`.
//!
//! Both say honestly what they know of an attempt: see [`seawall_engine::Outcome`]. An attempt has begun once its fence was
//! asked, right before the first byte or the spawn; whatever fails before that certainly had no effect. Nothing here
//! repeats an effect, keeps state between attempts, or spawns a task: an attempt is one future, and dropping it ends the
//! request or kills the process group. (The HTTP client drives each connection in a task of its own, which ends with it.)
//!
//! Not here: retries, timeouts and effect classes (the engine's), limits, breakers, and a sandbox for commands.

mod command;
mod config;
mod fields;
mod http;
mod mask;
mod output;

pub use command::{CommandConfig, Swept, sweep_predecessors};
pub use config::{InstallationId, StepsConfig, executors};
pub use http::HttpConfig;
