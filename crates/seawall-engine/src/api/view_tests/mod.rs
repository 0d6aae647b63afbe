//! What clients see of runs.

mod kit;
mod reasons;
mod views;
