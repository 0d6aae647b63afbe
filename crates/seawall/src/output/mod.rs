//! What people and programs read: lines on stdout, words on stderr.

mod document;
mod excerpt;
mod paint;
mod stdout;
mod table;
mod time;

pub(crate) use document::problem_text;
pub(crate) use excerpt::{Complaint, Severity, complaints_text};
pub(crate) use paint::{Paint, plain};
pub(crate) use stdout::{Output, tell};
pub(crate) use table::Table;
pub(crate) use time::{ago, human_duration};
