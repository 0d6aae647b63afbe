//! A store in a file, with runs in every state; what is done to it, and what is found.

mod controlled;
mod damages;
mod deleted;
mod populate;
