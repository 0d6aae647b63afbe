//! Runs end to end, and what faults do to them.

mod bulk;
mod clocks;
mod controls;
mod crash;
mod durability;
mod effects;
mod faults;
mod flow_control;
mod flows;
mod forks;
mod journals;
mod leases;
mod nights;
mod parking;
mod poison;
pub(crate) mod probe;
mod replayed_tasks;
mod replays;
mod retention;
mod sagas;
mod schedules;
mod shutdown;
mod stress;
mod task_nodes;
mod tasks;
mod workers;
pub(crate) mod world;
