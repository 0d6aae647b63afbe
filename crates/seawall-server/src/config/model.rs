use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::credentials::Credentials;
use super::edge::Edge;
use super::environment::Environment;
use super::error::{ConfigError, ConfigErrors};
use super::reader::Reader;
use super::secret_key::SecretKey;
use super::secrets::StepSecrets;
use super::traces::Traces;
use super::{dotenv, names, oidc, values};
use crate::identity::oidc::OidcConfig;

/// Runs are kept for thirty days unless RUN_RETENTION says otherwise.
const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How log lines are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    Text,
    Json,
}

/// Who may read `/openapi.json` and `/docs`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Docs {
    Public,
    /// Whoever is authenticated.
    Auth,
    Off,
}

/// Bounds of one request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RequestLimits {
    pub body_max_bytes: usize,
    pub timeout: Duration,
}

/// The whole configuration, checked.
#[derive(Clone, Debug)]
pub struct Config {
    pub environment: Environment,
    /// Loopback, in dev.
    pub host: IpAddr,
    pub port: u16,
    pub data_dir: PathBuf,
    pub db_path: PathBuf,
    pub limits: RequestLimits,
    pub edge: Edge,
    pub secret_key: SecretKey,
    pub credentials: Credentials,
    /// Whose tokens are taken beside our own.
    pub oidc: Option<OidcConfig>,
    /// How long runs are kept after their end. None: for ever.
    pub run_retention: Option<Duration>,
    pub workspace_allowed_roots: Vec<PathBuf>,
    pub http_step_allow_private: bool,
    pub command_steps: bool,
    /// PATH, HOME and LANG, where they are set: what commands of steps find in their environment.
    pub command_environment: Vec<(String, String)>,
    pub docs: Docs,
    pub log_format: LogFormat,
    /// A level or directives, as [`directives`](seawall_guard::logs::directives) reads them.
    pub log_level: String,
    /// Up to how many bytes of a body stand in the log, masked; 0: none.
    pub log_bodies: usize,
    /// Where spans are sent.
    pub traces: Option<Traces>,
    /// Whether `/metrics` has a listener of its own, and where; 0 takes a free port.
    pub metrics_port: Option<u16>,
    /// Whether requests may ask where their time went.
    pub profiling: bool,
    /// Whether `/api/v1/test/…` exists.
    pub test_endpoints: bool,
    pub secrets: StepSecrets,
    /// How long requests, and then attempts of steps, may take to end after a stop was asked for: each half of it.
    pub shutdown_deadline: Duration,
    /// To be logged once logging works: unknown names, features that do not exist yet.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads the process environment and, outside production, `.env.<ENVIRONMENT>` in the working directory. What the
    /// environment sets wins over the file.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn load() -> Result<Self, ConfigErrors> {
        let mut map = BTreeMap::new();
        // Names and values that are no UTF-8 cannot be ours.
        for (name, value) in std::env::vars_os() {
            if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) {
                map.insert(name, value);
            }
        }
        Self::from_sources(map, Path::new("."))
    }

    /// As [`Config::load`], with a given environment and folder of the file.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn from_sources(mut map: BTreeMap<String, String>, folder: &Path) -> Result<Self, ConfigErrors> {
        let environment = map.get("ENVIRONMENT").map_or(Some(Environment::Dev), |name| {
            if name.is_empty() {
                Some(Environment::Dev)
            } else {
                Environment::parse(name)
            }
        });
        if let Some(environment @ (Environment::Dev | Environment::Staging)) = environment {
            let path = folder.join(format!(".env.{environment}"));
            let file = dotenv::read(&path).map_err(|error| ConfigErrors(vec![error]))?;
            for (name, value) in file.unwrap_or_default() {
                map.entry(name).or_insert(value);
            }
        }
        Self::from_map(&map)
    }

    /// The configuration that these variables make.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn from_map(map: &BTreeMap<String, String>) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(map);
        let environment = reader.value("ENVIRONMENT", Environment::Dev, |text| {
            Environment::parse(text).ok_or_else(|| "expected dev, staging or production".to_owned())
        });
        let dev = environment.is_dev();
        let data_dir = reader.value("DATA_DIR", absolute("./data"), values::absolute);
        let host = host(&mut reader, dev);
        let mut config = Self {
            environment,
            host,
            edge: Edge::read(&mut reader, host, dev),
            secret_key: SecretKey::read(&mut reader, dev),
            credentials: Credentials::read(&mut reader),
            oidc: oidc::read(&mut reader, dev),
            port: reader.value("PORT", 8000, values::port),
            db_path: reader.value("DB_PATH", data_dir.join("seawall.db"), values::absolute),
            data_dir,
            limits: RequestLimits {
                body_max_bytes: reader.value("REQUEST_BODY_MAX_BYTES", 1_048_576, values::body_bytes),
                timeout: reader.value("REQUEST_TIMEOUT", Duration::from_secs(30), values::deadline),
            },
            run_retention: reader.value("RUN_RETENTION", Some(MONTH), values::retention),
            workspace_allowed_roots: {
                let default = if dev { vec![absolute(".")] } else { Vec::new() };
                reader.value("WORKSPACE_ALLOWED_ROOTS", default, values::paths)
            },
            http_step_allow_private: reader.value("HTTP_STEP_ALLOW_PRIVATE", dev, values::boolean),
            command_steps: reader.value("COMMAND_STEPS", dev, values::boolean),
            command_environment: command_environment(&reader),
            docs: docs(&mut reader, dev),
            log_format: log_format(&mut reader, dev),
            log_level: reader.value("LOG_LEVEL", "info".to_owned(), values::log_level),
            log_bodies: reader.value("LOG_BODIES", 0, values::logged_bytes),
            traces: Traces::read(&mut reader),
            metrics_port: reader.value("METRICS_PORT", None, |text| values::port(text).map(Some)),
            profiling: reader.value("ENABLE_PROFILING", false, values::boolean),
            test_endpoints: reader.value("ENABLE_TEST_ENDPOINTS", false, values::boolean),
            secrets: StepSecrets::read(map, &mut reader),
            shutdown_deadline: reader.value("SHUTDOWN_DEADLINE", Duration::from_secs(20), values::deadline),
            warnings: warnings(map),
        };
        config.warnings.extend(config.credentials.weakness(dev));
        config.warnings.extend(config.secret_key.weakness());
        refuse_missing_backends(&mut reader);
        let errors = reader.into_errors();
        if errors.is_empty() {
            Ok(config)
        } else {
            Err(ConfigErrors(errors))
        }
    }

    /// Where to listen.
    #[must_use]
    pub const fn listen_address(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }
}

fn absolute(path: &str) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path))
}

fn host(reader: &mut Reader<'_>, dev: bool) -> IpAddr {
    let host = reader.value("HOST", IpAddr::V4(Ipv4Addr::LOCALHOST), values::host);
    if dev && !host.is_loopback() {
        reader.refuse(
            "HOST",
            format!(
                "{host} is reachable from other machines, and dev is lenient: set ENVIRONMENT to staging or production, or \
                 a loopback address (127.0.0.1, ::1, localhost)"
            ),
        );
    }
    host
}

fn command_environment(reader: &Reader<'_>) -> Vec<(String, String)> {
    let named = |name: &str| Some((name.to_owned(), reader.text(name)?.to_owned()));
    ["PATH", "HOME", "LANG"].into_iter().filter_map(named).collect()
}

fn docs(reader: &mut Reader<'_>, dev: bool) -> Docs {
    let default = if dev { Docs::Public } else { Docs::Auth };
    reader.value("DOCS", default, |text| match text {
        "public" => Ok(Docs::Public),
        "auth" => Ok(Docs::Auth),
        "off" => Ok(Docs::Off),
        _ => Err("expected public, auth or off".to_owned()),
    })
}

fn log_format(reader: &mut Reader<'_>, dev: bool) -> LogFormat {
    let default = if dev { LogFormat::Text } else { LogFormat::Json };
    reader.value("LOG_FORMAT", default, |text| match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("expected json or text".to_owned()),
    })
}

fn refuse_missing_backends(reader: &mut Reader<'_>) {
    for (name, backend) in [("DATABASE_URL", "Postgres"), ("REDIS_URL", "Redis")] {
        if reader.text(name).is_some() {
            reader.refuse(
                name,
                format!("this build has no {backend} backend, only the embedded store: unset {name} to use it"),
            );
        }
    }
}

fn warnings(map: &BTreeMap<String, String>) -> Vec<String> {
    let mut warnings = Vec::new();
    for name in map.keys().filter(|name| !name.starts_with("SEAWALL_SECRET_")) {
        if names::LATER.contains(&name.as_str()) {
            warnings.push(format!(
                "{name} is set, but this build does not have the feature it configures"
            ));
        } else if let Some(meant) = names::meant(name) {
            warnings.push(format!("{name} is not a known variable; did you mean {meant}?"));
        }
    }
    warnings
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}
