//! Random definitions.

mod lanes;
mod parts;
mod steps;
mod whole;

pub(crate) use lanes::lane;
pub(crate) use steps::{CHILD, QUEUES, SIGNALS};
pub(crate) use whole::{child, poison, program};
