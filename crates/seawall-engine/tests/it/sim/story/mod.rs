//! One seed: clients, workers and processes in bad weather, then calm, then the judgement.

mod calm;
mod end;
mod tell;
mod trouble;

pub(crate) use tell::{End, tell};
