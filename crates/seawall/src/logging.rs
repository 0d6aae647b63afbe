//! Log lines go to stderr, as the configuration says.

use std::io::{IsTerminal as _, stderr};

use seawall_server::{Config, LogFormat};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

/// For a server.
pub(crate) fn start(config: &Config) {
    start_at(config, &config.log_level);
}

/// For a command that people look at: only what they must know, unless they want more.
pub(crate) fn start_for_client(config: &Config, verbose: bool) {
    start_at(config, if verbose { &config.log_level } else { "error" });
}

fn start_at(config: &Config, level: &str) {
    // The configuration has checked the directives; a level that is refused all the same must not keep the program down.
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal());
    // Fails only when a subscriber is there already, which then serves as well.
    let _ = match config.log_format {
        LogFormat::Text => builder.finish().try_init(),
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init(),
    };
}
