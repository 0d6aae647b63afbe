//! `command` steps: one process group, from spawn to the last of its members.
//!
//! The program is started directly, without a shell, in a process group of its own. The group is ended with the attempt,
//! however it ends: a leader that exits leaves nobody behind, a cancelled one gets SIGTERM, a grace time and SIGKILL, one
//! that prints too much gets SIGKILL at once. A process that leaves its group (`setsid`) escapes this, until a sandbox comes;
//! it cannot hold up the step, and [`sweep_predecessors`] finds it by its marker.
//!
//! Not here: a sandbox. `cwd` is checked, nothing else is.

mod capture;
mod config;
mod cwd;
mod executor;
mod failure;
mod group;
mod kind;
mod marker;
mod program;
mod request;
mod supervise;
mod sweep;

pub use config::CommandConfig;
pub(crate) use executor::CommandExecutor;
pub use sweep::{Swept, sweep_predecessors};
