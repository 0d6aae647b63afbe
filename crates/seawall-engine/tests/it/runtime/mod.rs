//! Runs end to end, and what faults do to them.

mod controls;
mod crash;
mod durability;
mod effects;
mod faults;
mod flows;
mod forks;
mod leases;
mod nights;
mod parking;
mod probe;
mod sagas;
mod shutdown;
mod stress;
mod world;
