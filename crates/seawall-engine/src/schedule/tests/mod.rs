//! When schedules fire, and what of it is made up for.

mod catch_up;
mod kit;
mod model;
mod times;
