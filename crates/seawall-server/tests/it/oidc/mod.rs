//! Tokens of an issuer, against a real one on loopback whose keys, answers and moods the tests decide.

mod answers;
mod attacks;
pub(crate) mod issuer;
pub(crate) mod keys;
pub(crate) mod world;
