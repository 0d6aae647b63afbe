//! One attempt of a `command` step.

use std::process::Stdio;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use seawall_engine::store::NodeId;
use seawall_engine::{Attempt, AttemptContext, Executor, KindSpec, Outcome, StepError};
use tokio::process::Command;
use tokio::sync::Semaphore;

use crate::command::config::CommandConfig;
use crate::command::failure::{self, Judge};
use crate::command::kind;
use crate::command::request::CommandRequest;
use crate::command::supervise::Running;
use crate::command::{cwd, marker, program};
use crate::config::{InstallationId, StepsConfig};
use crate::mask;
use crate::output;

pub(crate) struct CommandExecutor {
    spec: KindSpec,
    inner: Arc<Inner>,
}

struct Inner {
    config: CommandConfig,
    installation: InstallationId,
    node: NodeId,
    max_output_bytes: usize,
    places: Semaphore,
}

impl CommandExecutor {
    pub(crate) fn new(config: &StepsConfig) -> Self {
        // At least one: with none, every command would wait for ever.
        let places = config.command.max_commands.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            spec: kind::spec(config.command.disabled),
            inner: Arc::new(Inner {
                config: config.command.clone(),
                installation: config.installation.clone(),
                node: config.node,
                max_output_bytes: config.max_output_bytes,
                places: Semaphore::new(places),
            }),
        }
    }
}

impl Executor for CommandExecutor {
    fn spec(&self) -> &KindSpec {
        &self.spec
    }

    fn execute(&self, attempt: Attempt, context: AttemptContext) -> BoxFuture<'static, Outcome> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move { inner.execute(attempt, context).await })
    }
}

impl Inner {
    async fn execute(&self, attempt: Attempt, context: AttemptContext) -> Outcome {
        if let Some(reason) = self.config.disabled {
            return Outcome::NotBegun(StepError::permanent("command-steps-disabled", reason));
        }
        let (request, mask) = match mask::reveal(&attempt, context.secrets.as_ref()) {
            Ok((with, mask)) => match CommandRequest::read(&with) {
                Ok(request) => (request, mask),
                Err(error) => return Outcome::NotBegun(error),
            },
            Err(error) => return Outcome::NotBegun(error),
        };
        let place = context.cancel.run_until_cancelled(self.places.acquire()).await;
        let Some(Ok(_place)) = place else {
            return Outcome::NotBegun(output::cancelled("cancelled before the command was started"));
        };
        let mut command = match self.prepare(&request, &attempt).await {
            Ok(command) => command,
            Err(error) => return Outcome::NotBegun(error),
        };
        // Nothing waits between here and the spawn.
        if context.cancel.is_cancelled() {
            return Outcome::NotBegun(output::cancelled("cancelled before the command was started"));
        }
        if context.fence.begin().is_err() {
            return Outcome::NotBegun(output::fence_refused());
        }
        let running = match command.spawn() {
            Ok(child) => Running::new(child, self.max_output_bytes),
            Err(error) => return Outcome::NotBegun(failure::of_spawn(&error, &request.program)),
        };
        let (end, printed) = running
            .supervise(request.stdin, self.config.grace, &context.cancel)
            .await;
        let judge = Judge {
            program: &request.program,
            effect: attempt.effect,
            mask: &mask,
            limit: self.max_output_bytes,
        };
        judge.judge(end, printed)
    }

    async fn prepare(&self, request: &CommandRequest, attempt: &Attempt) -> Result<Command, StepError> {
        let cwd = cwd::resolve(request.cwd.as_deref(), &self.config.allowed_roots).await?;
        let env = self.config.environment.iter().chain(&request.env);
        let path = env.clone().rev().find(|(name, _)| name == "PATH");
        let path = path.map_or("", |(_, path)| path.as_str());
        let stdin = if request.stdin.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        };
        let mut command = Command::new(program::find(&request.program, path, &cwd)?);
        command
            .arg0(&request.program)
            .args(&request.arguments)
            .current_dir(&cwd)
            .env_clear()
            .envs(env.map(|(name, value)| (name, value)))
            .env(marker::VARIABLE, marker::value(&self.installation, self.node, attempt))
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        Ok(command)
    }
}
