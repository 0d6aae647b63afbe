//! Random workflows, random orders of commands, random crashes, over a world that is obviously simple.

mod corpus;
mod op;
mod plan;
mod property;
mod replayed;
mod simulation;
mod tasks;
