//! Tokens of an issuer, against a real one on loopback whose keys, answers and moods the tests decide.

mod answers;
mod attacks;
mod issuer;
mod keys;
mod world;
