//! The composition root: configuration -> store -> executors -> engine -> service. The only place that chooses.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use seawall_engine::store::{NodeId, SystemClock};
use seawall_engine::{Engine, EngineConfig, EngineParts, OsEntropy, Registry};
use seawall_server::identity::oidc::OidcVerifier;
use seawall_server::{
    AdminKey, AdminKeyError, AppState, Config, Observation, Parts, Tracer, audit_goes_on, put_admin_key,
    settle_secret_key,
};
use seawall_steps::{CommandConfig, HttpConfig, InstallationId, StepsConfig, executors, sweep_predecessors};
use seawall_store_sqlite::{OpenError, SqliteOptions, SqliteStore};
use tokio_util::task::TaskTracker;

/// What the service in this process is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Work {
    /// Runs are executed, and schedules fire.
    Serve,
    /// Runs are executed.
    Drive,
    /// Nothing is executed: whatever is due stays where it is.
    Look,
    /// As `Look`, for changes that need a store.
    Keep,
}

impl Work {
    /// Looking must not make a folder, a file or a schema where there is none.
    pub(crate) const fn may_make_files(self) -> bool {
        matches!(self, Self::Serve | Self::Drive | Self::Keep)
    }

    fn engine_config(self, config: &Config) -> EngineConfig {
        match self {
            Self::Serve => EngineConfig {
                retention: config.run_retention,
                ..EngineConfig::default()
            },
            // A command that is soon over begins nothing that nobody asked it for, and clears nothing away.
            Self::Drive => EngineConfig {
                schedules: false,
                ..EngineConfig::default()
            },
            Self::Look | Self::Keep => EngineConfig {
                max_active_runs: 0,
                schedules: false,
                ..EngineConfig::default()
            },
        }
    }
}

/// Why there is no store.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenStoreError {
    #[error("{} is held by another process", path.display())]
    Locked { path: PathBuf },
    #[error("cannot make the data folder {}", path.display())]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("cannot keep a secret in {}", path.display())]
    Secret { path: PathBuf, source: std::io::Error },
    #[error("there is no store in {} yet; `seawall run` or `seawall serve` makes one", path.display())]
    Absent { path: PathBuf },
    #[error(transparent)]
    Store(OpenError),
}

/// The store, held by this process, and the configuration that led to it.
pub(crate) struct Foundation {
    config: Config,
    store: Arc<SqliteStore>,
}

impl Foundation {
    /// Takes the store's file, and brings it to this program's version.
    pub(crate) fn open(mut config: Config, make: bool) -> Result<Self, OpenStoreError> {
        if make {
            crate::data_dir::make(&config.data_dir).map_err(|source| OpenStoreError::Folder {
                path: config.data_dir.clone(),
                source,
            })?;
        } else if !config.db_path.exists() {
            return Err(OpenStoreError::Absent {
                path: config.data_dir.clone(),
            });
        }
        let options = SqliteOptions {
            #[cfg(feature = "failpoints")]
            failpoints: crate::failpoints::from_environment(),
            ..SqliteOptions::new(&config.db_path, Arc::new(SystemClock))
        };
        match SqliteStore::open(options) {
            Ok(store) => {
                settle_secret_key(&mut config).map_err(|source| OpenStoreError::Secret {
                    path: config.data_dir.join("secret.key"),
                    source,
                })?;
                let store = Arc::new(store);
                Ok(Self { config, store })
            }
            Err(OpenError::Locked { path }) => Err(OpenStoreError::Locked { path }),
            Err(error) => Err(OpenStoreError::Store(error)),
        }
    }

    /// Whether somebody holds the store, without changing it.
    pub(crate) fn probe(path: &Path) -> Result<(), OpenStoreError> {
        let options = SqliteOptions {
            migrate: false,
            ..SqliteOptions::new(path, Arc::new(SystemClock))
        };
        match SqliteStore::open(options) {
            Ok(_) | Err(OpenError::OlderVersion { .. }) => Ok(()),
            Err(OpenError::Locked { path }) => Err(OpenStoreError::Locked { path }),
            Err(error) => Err(OpenStoreError::Store(error)),
        }
    }

    pub(crate) const fn config(&self) -> &Config {
        &self.config
    }

    /// Sees to it that somebody can do something here.
    pub(crate) async fn put_admin_key(&self) -> Result<AdminKey, AdminKeyError> {
        put_admin_key(&self.config, &*self.store).await
    }

    /// What to say to who is about to write under another `SECRET_KEY` than the audit trail was sealed with: mostly it was
    /// forgotten.
    pub(crate) async fn look_at_trail(&self) -> Option<&'static str> {
        match audit_goes_on(&self.config, &*self.store).await {
            Ok(true) => None,
            Ok(false) => Some(
                "SECRET_KEY is not the one that sealed the end of the audit trail: what is written now cannot be verified \
                 together with what is there",
            ),
            Err(error) => {
                tracing::warn!(error = %error, "the end of the audit trail cannot be read");
                None
            }
        }
    }
}

/// The whole service of this process.
pub(crate) struct House {
    state: AppState,
}

impl House {
    /// Ends what an earlier process left running, then starts the engine.
    pub(crate) async fn start(foundation: Foundation, work: Work) -> anyhow::Result<Self> {
        let Foundation { config, store } = foundation;
        let installation = installation(&config.data_dir)?;
        let node = NodeId::generate();
        if matches!(work, Work::Serve | Work::Drive) {
            let installation = installation.clone();
            // It looks at every process of the machine, and waits for those it ends.
            tokio::task::spawn_blocking(move || sweep_predecessors(&installation, node))
                .await
                .context("could not look for processes that an earlier one left running")?;
        }
        let parts = EngineParts {
            store: store.clone(),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
            registry: registry_of(&config, installation, node),
            secrets: Arc::new(config.secrets.clone()),
        };
        let collector = config.traces.as_ref().filter(|_| work == Work::Serve);
        let tracer = collector.map(|collector| Tracer::start(collector, Arc::new(SystemClock)));
        let observed = Observation::new(tracer.transpose()?);
        let engine = Engine::start_observed(parts, work.engine_config(&config), observed.observer())
            .await
            .context("the engine could not start")?;
        let tasks = TaskTracker::new();
        let issuer = config.oidc.clone().filter(|_| work == Work::Serve);
        let oidc = issuer.map(|issuer| OidcVerifier::new(issuer, Arc::new(SystemClock), tasks.clone()));
        let oidc = oidc.transpose().context("OIDC_ISSUER cannot be asked")?;
        let parts = Parts {
            engine,
            identity: store.clone(),
            store,
            config: Arc::new(config),
            clock: Arc::new(SystemClock),
            oidc,
            tasks,
        };
        let state = AppState::observed(parts, &observed);
        Ok(Self { state })
    }

    pub(crate) const fn state(&self) -> &AppState {
        &self.state
    }

    /// Ends streams, gives attempts a moment, parks every run, closes the store.
    pub(crate) async fn close(self) {
        self.state.draining().cancel();
        self.state
            .engine()
            .shutdown(self.state.config().shutdown_deadline / 2)
            .await;
        if let Err(error) = self.state.store().close().await {
            tracing::error!(error = %error, "the store did not close cleanly");
        }
    }
}

/// The step kinds of this process, for who only wants to look at them.
pub(crate) fn registry(config: &Config) -> Registry {
    let installation = InstallationId::parse("none").expect("four letters are an installation's id");
    registry_of(config, installation, NodeId::generate())
}

fn registry_of(config: &Config, installation: InstallationId, node: NodeId) -> Registry {
    let CommandConfig {
        disabled,
        mut environment,
        ..
    } = CommandConfig::default();
    // Of two values of one name the later one counts.
    environment.extend(config.command_environment.iter().cloned());
    let steps = StepsConfig {
        http: HttpConfig {
            allow_private: config.http_step_allow_private,
            ..HttpConfig::default()
        },
        command: CommandConfig {
            disabled: if config.command_steps { None } else { disabled },
            allowed_roots: config.workspace_allowed_roots.clone(),
            environment,
            ..CommandConfig::default()
        },
        ..StepsConfig::new(installation, node)
    };
    Registry::new(executors(&steps))
}

/// Which installation this folder is: made once, kept beside the store.
fn installation(data_dir: &Path) -> anyhow::Result<InstallationId> {
    let path = data_dir.join("installation");
    let doing = || format!("cannot keep the installation's id in {}", path.display());
    if let Ok(text) = fs::read_to_string(&path)
        && let Some(id) = InstallationId::parse(text.trim())
    {
        return Ok(id);
    }
    let text = uuid::Uuid::new_v4().simple().to_string();
    let draft = data_dir.join("installation.new");
    fs::write(&draft, &text).with_context(doing)?;
    fs::rename(&draft, &path).with_context(doing)?;
    InstallationId::parse(&text).context("an installation's id is 1 to 64 letters and digits")
}
