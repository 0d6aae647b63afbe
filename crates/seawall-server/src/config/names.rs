//! Which variables exist, and which one an unknown name was probably meant to be.

/// A variable of the configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Variable {
    pub name: &'static str,
    /// As documented: a value, or how it follows from others.
    pub default: &'static str,
    pub help: &'static str,
}

const fn variable(name: &'static str, default: &'static str, help: &'static str) -> Variable {
    Variable { name, default, help }
}

/// Every variable that this build obeys.
#[must_use]
pub const fn known_variables() -> &'static [Variable] {
    KNOWN
}

const KNOWN: &[Variable] = &[
    variable("ENVIRONMENT", "dev", "dev, staging or production"),
    variable(
        "HOST",
        "127.0.0.1",
        "address to listen on: in dev a loopback one; beyond it, ALLOWED_HOSTS is named",
    ),
    variable("PORT", "8000", "port to listen on; 0 takes a free one"),
    variable("DATA_DIR", "./data", "folder of everything this process keeps"),
    variable("DB_PATH", "$DATA_DIR/seawall.db", "file of the embedded store"),
    variable(
        "SECRET_KEY",
        "dev: one in $DATA_DIR/secret.key",
        "signs tokens and seals the audit trail: at least 32 bytes, the same on all nodes; also SECRET_KEY_FILE",
    ),
    variable(
        "ADMIN_API_KEY",
        "made at the first start",
        "a key with all scopes in the tenant `default`; else one is in $DATA_DIR/admin.key; also ADMIN_API_KEY_FILE",
    ),
    variable(
        "ALLOWED_HOSTS",
        "this machine's own names",
        "hosts by which clients may call, `*.` before a name for all below it; a list with commas",
    ),
    variable(
        "CORS_ORIGINS",
        "none",
        "origins whose pages may call, beside the server's own; a list with commas",
    ),
    variable(
        "TRUSTED_PROXIES",
        "none",
        "addresses or ranges of proxies whose word about the client is believed; a list with commas",
    ),
    variable(
        "OIDC_ISSUER",
        "none",
        "address of an OpenID Connect issuer whose tokens are taken; needs OIDC_AUDIENCE",
    ),
    variable("OIDC_AUDIENCE", "none", "for whom such a token must be made"),
    variable(
        "TENANT_CLAIM",
        "everybody is of `default`",
        "claim (or JSON Pointer) of such a token that names the tenant",
    ),
    variable(
        "ROLE_CLAIM",
        "everybody is a viewer",
        "claim (or JSON Pointer) of such a token that names viewer, operator or admin",
    ),
    variable("REQUEST_BODY_MAX_BYTES", "1048576", "largest request body, in bytes"),
    variable(
        "REQUEST_TIMEOUT",
        "30s",
        "deadline of a request; `Prefer: wait` adds to it",
    ),
    variable(
        "SHUTDOWN_DEADLINE",
        "20s",
        "how long requests (half of it), then attempts of steps (the other half) may take to end after SIGTERM",
    ),
    variable(
        "RUN_RETENTION",
        "30d",
        "how long runs are kept after their end; 0 keeps them for ever",
    ),
    variable(
        "WORKSPACE_ALLOWED_ROOTS",
        "dev: the working directory",
        "folders that command steps may work in",
    ),
    variable(
        "HTTP_STEP_ALLOW_PRIVATE",
        "dev: true, else false",
        "whether http steps may call private addresses",
    ),
    variable("LOG_FORMAT", "dev: text, else json", "text or json"),
    variable(
        "LOG_LEVEL",
        "info",
        "off, error, warn, info, debug, trace; with libraries by name: info,hyper=warn",
    ),
    variable(
        "LOG_BODIES",
        "0",
        "up to how many bytes of bodies stand in the log, masked: for a hunt on a test system; 0 logs none",
    ),
    variable(
        "METRICS_PORT",
        "none: on PORT",
        "port of a listener of its own for /metrics; 0 takes a free one",
    ),
    variable(
        "ENABLE_PROFILING",
        "false",
        "whether `X-Profile: 1` shows where a request's time went",
    ),
    variable("ENABLE_TEST_ENDPOINTS", "false", "whether /api/v1/test/… exists"),
    variable(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "none",
        "collector that traces are sent to, such as http://localhost:4318; without it there are none",
    ),
    variable(
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        "http/protobuf",
        "http/protobuf or grpc (in the clear)",
    ),
    variable(
        "OTEL_EXPORTER_OTLP_HEADERS",
        "none",
        "headers for the collector: name=value with commas between them; also OTEL_EXPORTER_OTLP_HEADERS_FILE",
    ),
    variable("OTEL_SERVICE_NAME", "seawall", "what traces call this service"),
    variable("DOCS", "dev: public, else auth", "public, auth or off"),
    variable("COMMAND_STEPS", "dev: true, else false", "whether command steps run"),
];

/// Variables of the contract whose features this build does not have. They are warned about.
pub(super) const LATER: &[&str] = &[
    "RATE_LIMIT_DEFAULT",
    "RATE_LIMIT_KEY",
    "RATE_LIMIT_RUN",
    "RATE_LIMIT_AGENT_CHAT_PER_MINUTE",
    "RATE_LIMIT_BUILD_GENERATE_PER_MINUTE",
    "LLM_REQUEST_TIMEOUT_SECONDS",
    "AGENT_TIMEOUT_SECONDS",
    "MAX_AGENT_RETRIES",
];

/// Of the contract too, but also set for other programs on many machines: not worth a word.
const SHARED: &[&str] = &[
    "SECRET_KEY_FILE",
    "ADMIN_API_KEY_FILE",
    "SEAWALL_API_KEY_FILE",
    "DATABASE_URL",
    "REDIS_URL",
    "OTEL_EXPORTER_OTLP_HEADERS_FILE",
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "LOCAL_LLM_URL",
    "TAVILY_API_KEY",
    "SEAWALL_SERVER",
    "SEAWALL_API_KEY",
];

/// Ordinary names that happen to be close to ours.
const ORDINARY: &[&str] = &["HOME", "PATH", "HOSTNAME", "HOSTTYPE", "LOGNAME", "SHELL"];

/// The variable that an unknown name was probably meant to be. None: the name does not look like ours.
pub(super) fn meant(name: &str) -> Option<&'static str> {
    let known = || KNOWN.iter().map(|known| known.name).chain(SHARED.iter().copied());
    if known().any(|known| known == name) || ORDINARY.contains(&name) || LATER.contains(&name) {
        return None;
    }
    if let Some(rest) = name.strip_prefix("SEAWALL_") {
        let own = known().find(|known| *known == rest);
        return Some(own.unwrap_or("SEAWALL_SECRET_<NAME>"));
    }
    let upper = name.to_ascii_uppercase();
    let allowed = |known: &str| if known.len() < 8 { 1 } else { 2 };
    known()
        .map(|known| (distance(&upper, known), known))
        .filter(|(distance, known)| *distance <= allowed(known))
        .min()
        .map(|(_, known)| known)
}

/// Edits (insert, delete, replace, swap of neighbours) between two short names.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len().abs_diff(b.len()) > 2 {
        return usize::MAX;
    }
    let width = b.len() + 1;
    let mut cells: Vec<usize> = (0..(a.len() + 1) * width)
        .map(|i| if i < width { i } else { 0 })
        .collect();
    for i in 1..=a.len() {
        cells[i * width] = i;
        for j in 1..=b.len() {
            let replaced = cells[(i - 1) * width + j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced
                .min(cells[(i - 1) * width + j] + 1)
                .min(cells[i * width + j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(cells[(i - 2) * width + j - 2] + 1);
            }
            cells[i * width + j] = best;
        }
    }
    cells[a.len() * width + b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_names_are_recognised_and_ordinary_ones_left_alone() {
        let cases = [
            ("PROT", Some("PORT")),
            ("REQUEST_TIMOUT", Some("REQUEST_TIMEOUT")),
            ("request_timeout", Some("REQUEST_TIMEOUT")),
            ("COMMAND_STEP", Some("COMMAND_STEPS")),
            ("SEAWALL_PORT", Some("PORT")),
            ("SEAWALL_SECRETS_X", Some("SEAWALL_SECRET_<NAME>")),
            ("HOME", None),
            ("PATH", None),
            ("PORT", None),
            ("EDITOR", None),
            ("DATABASE_URL", None),
        ];
        for (name, expected) in cases {
            assert_eq!(meant(name), expected, "{name}");
        }
    }
}
