//! Commands go in, events come out. One file per command; `world` drives random workflows through random orders of them.
//! Whatever is told to a subject is held against the naive checks in `check` and `monitor`, after every single event.

mod blocks;
mod cancels;
mod check;
mod children;
mod compensates;
mod jumps;
mod kit;
mod maps;
mod monitor;
mod reconciles;
mod recovers;
mod reopens;
mod resolves;
mod retries;
mod runs;
mod sagas;
mod settles;
mod tasks;
mod waits;
mod world;
