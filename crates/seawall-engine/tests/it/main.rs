//! Tests of the engine from outside.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    clippy::needless_pass_by_value,
    reason = "tests: helpers fail loudly, and tables of cases are long"
)]

mod definition;
mod runtime;
mod verify;
