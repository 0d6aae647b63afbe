//! The services on the store that is obviously right, with a clock that stands still.

mod exchanges;
mod logins;
mod trail;
mod users;
mod world;
