//! The runtime over a simulated clock, an executor without a network, and a store that delays, fails and loses its answers.
//!
//! One number, the seed, decides everything: definitions, clients, faults, crashes, delays. The same seed gives the same
//! trace, so a failure is played again by its seed. See `docs/testing.md`.
//!
//! `story` tells what happens in one seed, `witness` looks at each change as it is made, `oracle` says whether it may end like
//! that, `seeds` runs many of them, and `cases` are the known recovery bugs of engines of this kind, each on its own.

mod book;
mod cases;
mod clerk;
mod clients;
mod effects;
mod entropy;
mod fleet;
mod journal;
mod oracle;
mod programs;
mod rng;
mod seeds;
mod stage;
mod store;
mod story;
mod trace;
mod witness;
mod workers;
