//! The binary: the command line and the composition root.
//!
//! `main -> commands/<command> -> client -> (a server across a socket | the same router in this process)`. Every command is
//! a client of the HTTP API, so there is one way to do each thing. Only `compose` knows which store and executors there are;
//! only `serve`, `migrate`, `doctor` and `schema` do something that is no request.

mod args;
mod client;
mod commands;
mod compose;
mod context;
mod data_dir;
mod exit;
#[cfg(feature = "failpoints")]
mod failpoints;
mod failure;
mod follow;
mod input;
mod logging;
mod nearest;
mod output;
mod shell;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Args;
use crate::context::Context;
use crate::output::tell;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = Args::parse();
    let context = Context::new(args.global);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tell(&format!("error: cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let exit = match runtime.block_on(args.command.execute(&context)) {
        Ok(exit) => exit,
        Err(failure) => {
            tell(&failure.text());
            failure.exit()
        }
    };
    // A thread that still waits for the keyboard must not keep the process.
    runtime.shutdown_background();
    exit.into()
}
