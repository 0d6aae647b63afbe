//! Attacks on the example's service over real sockets, a table for each class.

mod bodies;
mod forwarded;
mod hosts;
mod ids;
mod json;
mod log;
mod origins;
