//! Who answers: the server that was named, this process, or the server that holds this folder's store.

use std::path::Path;
use std::time::Duration;

use anyhow::anyhow;
use seawall_server::Config;

use crate::client::handle::{Client, Transport};
use crate::client::local::Local;
use crate::client::remote::Remote;
use crate::client::{ClientError, ServerFile};
use crate::compose::{Foundation, House, OpenStoreError, Work};
use crate::failure::Failure;
use crate::output::tell;

/// Another command may hold the store for a moment; a server writes its address soon after it took the store.
const PATIENCE: u32 = 30;
const PAUSE: Duration = Duration::from_millis(100);

/// What to connect to.
pub(crate) struct Connect<'a> {
    /// `--server`.
    pub(crate) server: Option<&'a str>,
    pub(crate) config: Config,
    pub(crate) work: Work,
}

pub(crate) async fn connect(to: Connect<'_>) -> Result<Client, Failure> {
    if let Some(url) = to.server {
        return Ok(Client(Transport::Remote(Remote::new(url, &to.config)?)));
    }
    let data_dir = to.config.data_dir.clone();
    let mut left = PATIENCE;
    loop {
        match Foundation::open(to.config.clone(), to.work.may_make_files()) {
            Ok(foundation) => {
                if let Some(warning) = foundation.look_at_trail().await {
                    tell(&format!("warning: {warning}"));
                }
                let house = House::start(foundation, to.work).await?;
                return Ok(Client(Transport::Local(Box::new(Local::new(house)))));
            }
            Err(OpenStoreError::Locked { path }) => {
                if let Some(remote) = holder(&to.config).await? {
                    return Ok(Client(Transport::Remote(remote)));
                }
                left -= 1;
                if left == 0 {
                    return Err(Failure::Other(in_use(&data_dir, &path)));
                }
            }
            Err(error) => return Err(Failure::Other(error.into())),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The server that left its address in the folder, if it answers there.
async fn holder(config: &Config) -> Result<Option<Remote>, ClientError> {
    let Some(file) = ServerFile::read(&config.data_dir) else {
        return Ok(None);
    };
    let remote = Remote::new(&file.url, config)?;
    Ok(remote.answers().await.then_some(remote))
}

/// Why this command cannot use a store that somebody holds, after the server that left its address did not answer.
fn in_use(data_dir: &Path, path: &Path) -> anyhow::Error {
    let who = match ServerFile::read(data_dir) {
        Some(file) => format!(
            "the server at {} (process {}) should, and does not answer",
            file.url, file.pid
        ),
        None => "it is no server: probably another `seawall` command that drives a run".to_owned(),
    };
    anyhow!(
        "another process holds {}; {who}. Wait until it has ended, or give this command its own --data-dir",
        path.display()
    )
}

/// Why a second server cannot have a store that somebody holds. Nobody was asked whether they answer.
pub(crate) fn held(data_dir: &Path, path: &Path) -> anyhow::Error {
    let who = match ServerFile::read(data_dir) {
        Some(file) => format!(
            "the last server to leave its address is process {} at {}",
            file.pid, file.url
        ),
        None => "probably a `seawall` command that drives a run".to_owned(),
    };
    anyhow!(
        "another process holds {}; {who}. Stop it first, or give this server its own --data-dir",
        path.display()
    )
}
