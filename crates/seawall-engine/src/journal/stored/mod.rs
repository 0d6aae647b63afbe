//! Stored forms, apart from the domain's types: these may never change their meaning, those may.
//!
//! An event is one JSON object: `t` its name, `v` the version of its form, `at` its time in milliseconds, then its fields;
//! `step`, `item` and `part` name an activity, digests are hexadecimal, durations and times are milliseconds, absent is null.
//!
//! To change a form, add a struct with the next version, write that, and keep reading the old one; raise
//! [`crate::journal::READER_VERSION`]. A field that older readers may ignore needs no new version.

mod event;
mod flow;
mod parts;
mod run;
mod scalars;
mod step;
mod task;
mod wait;

pub(super) use event::{Line, read};
pub(super) use parts::{ErrorV1, ResolutionV1, activity, is_main};
pub(super) use scalars::{Hex, Id, Json, Ms, Shared, Str, Text, named};
pub(super) use task::TaskEndV1;
