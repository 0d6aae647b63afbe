//! What every command works with.

use std::io::{IsTerminal as _, stderr, stdin};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use seawall_engine::Clock;
use seawall_engine::store::SystemClock;
use seawall_server::Config;
use serde::de::DeserializeOwned;

use crate::args::Global;
use crate::client::{Answer, Call, Client, Connect, connect};
use crate::compose::Work;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Paint};
use crate::shell::SelfCommand;

pub(crate) struct Context {
    pub(crate) global: Global,
    pub(crate) out: Output,
    /// How stderr may be colored.
    pub(crate) paint: Paint,
    /// Somebody sits there who can be asked.
    pub(crate) interactive: bool,
    pub(crate) program: SelfCommand,
    clock: Arc<dyn Clock>,
}

impl Context {
    pub(crate) fn new(global: Global) -> Self {
        let terminal = stderr().is_terminal();
        if global.no_color {
            inquire::set_global_render_config(inquire::ui::RenderConfig::empty());
        }
        let program = std::env::args_os().next().map(PathBuf::from);
        Self {
            out: Output::default(),
            paint: Paint::new(terminal && !global.no_color),
            interactive: terminal && stdin().is_terminal() && !global.json,
            program: SelfCommand::new(program, global.data_dir.as_deref(), global.server.as_deref()),
            clock: Arc::new(SystemClock),
            global,
        }
    }

    /// The machine's time.
    pub(crate) fn now(&self) -> Timestamp {
        // Out of range only for clocks beyond the year 9999.
        Timestamp::from_millisecond(self.clock.now().as_millis()).unwrap_or(Timestamp::MAX)
    }

    /// The configuration, with what the command line says instead.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        let mut config = Config::load().map_err(|errors| Failure::Usage(format!("error: {errors}")))?;
        if let Some(dir) = &self.global.data_dir {
            let dir =
                std::path::absolute(dir).map_err(|error| Failure::Usage(format!("error: --data-dir: {error}")))?;
            // DB_PATH stays where it was set; its default lies in the folder.
            if config.db_path == config.data_dir.join("seawall.db") {
                config.db_path = dir.join("seawall.db");
            }
            config.data_dir = dir;
        }
        Ok(config)
    }

    /// The configuration of a command: its steps may run commands, because somebody sits there who asked for it.
    pub(crate) fn client_config(&self) -> Result<Config, Failure> {
        let mut config = self.config()?;
        config.command_steps = true;
        Ok(config)
    }

    /// A client, of the server that was named or else of the store.
    pub(crate) async fn connect(&self, work: Work) -> Result<Client, Failure> {
        let config = self.client_config()?;
        crate::logging::start_for_client(&config, self.global.verbose);
        connect(Connect {
            server: self.global.server(),
            config,
            work,
        })
        .await
    }

    /// Does something with a client, and closes it whatever came of it.
    pub(crate) async fn with_client<T>(
        &self,
        work: Work,
        doing: impl AsyncFnOnce(&Client) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let client = self.connect(work).await?;
        let result = doing(&client).await;
        client.close().await;
        result
    }

    /// Asks once.
    pub(crate) async fn ask(&self, work: Work, call: Call) -> Result<Answer, Failure> {
        self.with_client(work, async |client| Ok(client.call(call).await?))
            .await
    }

    /// Prints an answer: for programs as it came, for people as `text` puts it.
    pub(crate) fn print<T: DeserializeOwned>(
        &self,
        answer: &Answer,
        text: impl FnOnce(T) -> String,
    ) -> Result<Exit, Failure> {
        if self.global.json {
            self.out.json(&answer.value)?;
        } else {
            self.out.line(&text(answer.view()?))?;
        }
        Ok(Exit::Done)
    }
}
