//! Runs that wait for their admission: slots, rates, debouncing, conflicts, priorities; over crashes at every moment.

mod kit;
mod order;
mod retries;
mod slots;
