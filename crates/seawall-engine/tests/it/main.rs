//! Tests of the engine from outside: definitions, and the whole of it over the store's fake and a clock that tests move.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    clippy::needless_pass_by_value,
    reason = "tests: helpers fail loudly, and tables of cases are long"
)]

mod definition;
mod runtime;
