//! Log lines go to stderr, as the configuration says, and pass through one formatter that takes secrets out. So do panics.

use std::io::{self, Stderr, stderr};

use seawall_guard::logs::{LastLines, Style, directives, gather, layer};
use seawall_guard::panic::install_hook;
use seawall_guard::profile::ProfileSpans;
use seawall_server::{Config, LogFormat};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::output::tell;

/// For a server: lines are written together. What is given back writes the last of them when it is dropped.
///
/// # Errors
/// There can be no thread that writes them.
pub(crate) fn start(config: &Config) -> io::Result<LastLines<Stderr>> {
    let (lines, last_lines) = gather(stderr())?;
    write_to(lines, config, &config.log_level);
    Ok(last_lines)
}

/// For a command that people look at: only what they must know, unless they want more.
pub(crate) fn start_for_client(config: &Config, verbose: bool) {
    write_to(stderr, config, if verbose { &config.log_level } else { "error" });
}

fn write_to<W>(writer: W, config: &Config, level: &str)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // The configuration has checked the directives; a level that is refused all the same must not keep the program down.
    let wanted = directives(level).unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO));
    let style = match config.log_format {
        LogFormat::Text => Style::Text,
        LogFormat::Json => Style::Json,
    };
    // Each has a filter of its own: profiles need spans that nobody wants in the log. Without profiles those cost nothing.
    let profiles = config.profiling.then(|| ProfileSpans.with_filter(spans()));
    let subscriber = tracing_subscriber::registry()
        .with(layer(style, writer).with_filter(wanted))
        .with(profiles);
    // Fails only when a subscriber is there already, which then serves as well.
    let _ = subscriber.try_init();
    install_hook();
}

/// Says something to whoever started the server. Where a machine reads the log it is a line of that: nothing else may stand there.
pub(crate) fn announce(config: &Config, text: &str) {
    match config.log_format {
        LogFormat::Text => tell(text),
        LogFormat::Json => tracing::info!("{text}"),
    }
}

/// The same, of something that has to be looked into.
pub(crate) fn warn(config: &Config, text: &str) {
    match config.log_format {
        LogFormat::Text => tell(&format!("warning: {text}")),
        LogFormat::Json => tracing::warn!("{text}"),
    }
}

/// The house's own spans.
fn spans() -> Targets {
    Targets::new().with_target("seawall", LevelFilter::DEBUG)
}
