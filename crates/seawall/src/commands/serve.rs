//! `seawall serve`.

use std::io::Stderr;
use std::process;

use anyhow::Context as _;
use seawall_guard::logs::LastLines;
use seawall_server::{AdminKey, Config, Server};
use tokio_util::sync::CancellationToken;

use super::Done;
use crate::client::{ServerFile, held};
use crate::compose::{Foundation, House, OpenStoreError, Work};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::follow::Interrupt;
use crate::logging::{self, announce};

#[derive(clap::Args, Debug)]
pub(crate) struct Serve {
    /// Port to listen on; 0 takes a free one [default: $PORT, else 8000]
    #[arg(long)]
    port: Option<u16>,
}

impl Serve {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let mut config = context.config()?;
        if let Some(port) = self.port {
            config.port = port;
        }
        let last_lines = logging::start(&config).context("cannot start the log")?;
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        let interrupt = Interrupt::new().context("cannot listen for signals")?;
        serve(config, interrupt, last_lines).await?;
        Ok(Exit::Done)
    }
}

async fn serve(config: Config, interrupt: Interrupt, last_lines: LastLines<Stderr>) -> Result<(), Failure> {
    let foundation = Foundation::open(config.clone(), true).map_err(|error| match error {
        OpenStoreError::Locked { path } => held(&config.data_dir, &path),
        other => other.into(),
    })?;
    let config = foundation.config().clone();
    // The port before the engine: who cannot answer must not begin to execute.
    let server = Server::bind(&config).await.map_err(anyhow::Error::from)?;
    if let Some(warning) = foundation.look_at_trail().await {
        logging::warn(&config, warning);
    }
    let admin = foundation.put_admin_key().await.map_err(anyhow::Error::from)?;
    let house = House::start(foundation, Work::Serve).await?;
    let file = ServerFile {
        pid: process::id(),
        url: format!("http://{}", server.address()),
    };
    let place = config.data_dir.display();
    file.write(&config.data_dir)
        .with_context(|| format!("cannot leave the server's address in {place}"))?;
    let say = |text: &str| announce(&config, text);
    say(&format!(
        "Seawall listens on {} (documentation: {}/docs; data: {place})",
        file.url, file.url
    ));
    if let Some(address) = server.metrics_address() {
        say(&format!("Metrics are on http://{address}/metrics"));
    }
    if let Some(text) = told_of(&admin) {
        say(&text);
    }
    let stop = CancellationToken::new();
    let state = house.state().clone();
    tokio::select! {
        () = server.run(state, stop.clone()) => {}
        () = watch(interrupt, &stop, say) => {
            file.remove(&config.data_dir);
            say("stopped at once; what was under way is recovered at the next start");
            drop(last_lines);
            process::exit(i32::from(Exit::Interrupted.code()));
        }
    }
    file.remove(&config.data_dir);
    Ok(())
}

/// Where the key is that everything can be done with. Never the key itself: what is told here ends up in logs.
fn told_of(admin: &AdminKey) -> Option<String> {
    match admin {
        AdminKey::Configured | AdminKey::There(_) => None,
        AdminKey::Made(path) => Some(format!(
            "An admin key was made: {} (the command line finds it there)",
            path.display()
        )),
        AdminKey::Elsewhere(path) => Some(format!(
            "The store has an admin key, and it is not in {}: use it where it is, or set ADMIN_API_KEY",
            path.display()
        )),
    }
}

/// The first signal asks for an orderly stop; at the second this returns.
async fn watch(mut interrupt: Interrupt, stop: &CancellationToken, say: impl Fn(&str)) {
    interrupt.next().await;
    say("stopping; once more to stop at once");
    stop.cancel();
    interrupt.next().await;
}
