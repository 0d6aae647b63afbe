//! Schedules: each time makes one run, whatever happens to the process, the store and the clock.

mod firing;
mod kit;
mod missed;
