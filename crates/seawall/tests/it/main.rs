//! The program from outside: the real binary, real files, exit codes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests: helpers fail loudly")]

mod accounts;
mod conflicts;
mod definitions;
mod examples;
mod house;
mod locations;
mod logs;
mod people;
mod replays;
mod schedules;
mod servers;
mod small;
mod stops;
mod tasks;
mod traces;
mod verify;
mod workers;
