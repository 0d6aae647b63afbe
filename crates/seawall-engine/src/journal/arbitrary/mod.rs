//! Events for tests: one example of each, and any of each.

mod any_event;
mod any_message;
mod any_value;
mod examples;
mod makers;
mod run_examples;
mod step_examples;

pub(crate) use any_event::any_event;
pub(crate) use any_message::any_message;
pub(crate) use examples::{EVENTS, examples, place};
pub(crate) use makers::{approval, item, journal, ms, queue, run_id, step, task, version};
