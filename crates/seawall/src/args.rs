//! The command line.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Parser};

use crate::commands::Command;

/// Durable backend for agents and workflows in one binary
#[derive(Parser, Debug)]
#[command(name = "seawall", version, propagate_version = true, after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, or the run succeeded; 1 the run failed, or the command did; 2 a bad definition, input or command \
line; 3 the run is blocked or waits for a person; 130 interrupted.";

/// What every command takes.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Global {
    /// Folder of the embedded store [default: $DATA_DIR, else ./data]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Ask this server instead of the store in the data folder
    #[arg(long, global = true, env = "SEAWALL_SERVER", value_name = "URL")]
    pub(crate) server: Option<String>,
    /// Print JSON, for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Write without colors
    #[arg(long, global = true, env = "NO_COLOR", hide_env = true, action = ArgAction::SetTrue,
        value_parser = FalseyValueParser::new())]
    pub(crate) no_color: bool,
    /// Also log, on stderr, what happens inside (LOG_LEVEL says how much)
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
}

impl Global {
    /// An empty SEAWALL_SERVER is none.
    pub(crate) fn server(&self) -> Option<&str> {
        self.server.as_deref().filter(|url| !url.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }
}
