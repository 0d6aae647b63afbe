//! The executors from outside: real servers on port 0, real processes.

mod command_bounds;
mod command_groups;
mod command_runs;
mod http_answers;
mod http_bodies;
mod http_failures;
mod http_redirects;
mod secrets;
mod support;
mod sweep;
