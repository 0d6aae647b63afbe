//! The in-memory store against the contract suite.

mod differential;
mod faults;
mod suite;
