//! When schedules fire. Pure: time comes in as an argument, and nothing is waited for or written here.
//!
//! A [`Timetable`] is a strictly ascending sequence of instants that can be asked for the next and the previous one, in time
//! that depends on neither how far apart they are nor how many lie between; [`plan`] says which of those that have come get
//! a run. Cron patterns are parsed and walked by croner on the calendar alone, without a zone: how the calendar meets real
//! time on days whose clock jumps is decided here (`zone`).

mod cron;
mod plan;
mod settings;
#[cfg(test)]
mod tests;
mod timetable;
mod zone;

pub(crate) use cron::CronPattern;
pub(crate) use plan::{Plan, plan};
pub(crate) use settings::timetable_of;
pub use settings::{CatchUp, ScheduleSettings, ScheduleTiming};
pub(crate) use timetable::Timetable;
