//! The command of a step, read from its rendered `with`.

use seawall_engine::StepError;
use serde_json::Value;

use crate::command::marker;
use crate::fields::{Fields, invalid};

/// As large as a template's result may be.
const MAX_STDIN: usize = 1 << 20;

pub(crate) struct CommandRequest {
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) cwd: Option<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) stdin: Option<String>,
}

impl CommandRequest {
    pub(crate) fn read(with: &Value) -> Result<Self, StepError> {
        let fields = Fields::of(with)?;
        let mut argv = fields.texts("argv")?.into_iter();
        let program = argv.next().filter(|program| !program.is_empty());
        let request = Self {
            program: program.ok_or_else(|| invalid("`argv` names no program"))?,
            arguments: argv.collect(),
            cwd: fields.text("cwd")?,
            env: read_env(&fields)?,
            stdin: fields.text("stdin")?,
        };
        if request.strings().any(|text| text.contains('\0')) {
            return Err(invalid("`argv`, `cwd` and `env` cannot hold NUL characters"));
        }
        if request.stdin.as_ref().is_some_and(|stdin| stdin.len() > MAX_STDIN) {
            return Err(invalid(format!("`stdin` is longer than {MAX_STDIN} bytes")));
        }
        Ok(request)
    }

    fn strings(&self) -> impl Iterator<Item = &str> {
        let env = self.env.iter().flat_map(|(name, value)| [name, value]);
        let rest = self.arguments.iter().chain(&self.cwd).chain([&self.program]);
        env.chain(rest).map(String::as_str)
    }
}

fn read_env(fields: &Fields<'_>) -> Result<Vec<(String, String)>, StepError> {
    let mut env = Vec::new();
    for (name, value) in fields.text_map("env")? {
        if name.is_empty() || name.contains('=') {
            return Err(invalid(format!("`env` has `{name}`, which is not a variable's name")));
        }
        if name == marker::VARIABLE {
            return Err(invalid(format!("`env.{name}` is set by Seawall alone")));
        }
        env.push((name.to_owned(), value));
    }
    Ok(env)
}
