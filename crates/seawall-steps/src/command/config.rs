//! Settings of command steps.

use std::path::PathBuf;
use std::time::Duration;

#[derive(Clone, Debug)]
pub struct CommandConfig {
    /// Why command steps are off (`COMMAND_STEPS`); None: they run.
    pub disabled: Option<&'static str>,
    /// Folders in which commands may start (`WORKSPACE_ALLOWED_ROOTS`). The first one is where they start by default.
    pub allowed_roots: Vec<PathBuf>,
    /// What every command finds in its environment before its own `env`: PATH, HOME and LANG, from the configuration.
    pub environment: Vec<(String, String)>,
    /// Commands at once; the others wait, which counts towards their timeout.
    pub max_commands: usize,
    /// Between SIGTERM and SIGKILL.
    pub grace: Duration,
}

impl Default for CommandConfig {
    fn default() -> Self {
        let environment = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("HOME", "/"),
            ("LANG", "C.UTF-8"),
        ];
        Self {
            disabled: Some("command steps are off: COMMAND_STEPS is not true"),
            allowed_roots: Vec::new(),
            environment: environment
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            max_commands: 32,
            grace: Duration::from_secs(2),
        }
    }
}
