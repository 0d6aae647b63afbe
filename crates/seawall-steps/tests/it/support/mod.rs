//! What the tests share.

mod processes;
mod rig;
mod server;

pub(crate) use processes::{eventually, is_alive, soon};
pub(crate) use rig::{Rig, code, failed, not_begun, succeeded, unknown};
pub(crate) use server::{Raw, Web};
