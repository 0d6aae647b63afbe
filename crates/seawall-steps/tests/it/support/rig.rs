//! Executors with their surroundings, and outcomes taken apart.
#![expect(clippy::panic, reason = "a helper outside a test function may end the test too")]

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use seawall_engine::store::{NodeId, RunId, TenantId};
use seawall_engine::{
    ActivityRef, Attempt, AttemptContext, EffectClass, EffectKey, Fence, Outcome, Registry, Rendered, SecretError,
    SecretPart, SecretSlot, SecretSource, StepError, StepId,
};
use seawall_steps::{InstallationId, StepsConfig, executors};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// How often a fence was asked.
#[derive(Clone, Default)]
pub(crate) struct Asked(Arc<AtomicUsize>);

impl Asked {
    pub(crate) fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

struct Secrets(BTreeMap<String, String>);

impl SecretSource for Secrets {
    fn secret(&self, _tenant: &TenantId, name: &str) -> Result<secrecy::SecretString, SecretError> {
        let known = self.0.get(name).cloned().map(secrecy::SecretString::from);
        known.ok_or_else(|| SecretError::Missing(name.to_owned()))
    }
}

pub(crate) struct Rig {
    pub(crate) config: StepsConfig,
    pub(crate) cancel: CancellationToken,
    pub(crate) asked: Asked,
    pub(crate) run: RunId,
    fence_alive: bool,
    secrets: BTreeMap<String, String>,
    slots: Vec<SecretSlot>,
    /// The only allowed root.
    pub(crate) root: TempDir,
}

impl Rig {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().expect("a folder");
        let installation = InstallationId::parse(&format!("it-{}", RunId::generate())).expect("an id");
        let mut config = StepsConfig::new(installation, NodeId::generate());
        config.http.allow_private = true;
        config.command.disabled = None;
        config.command.allowed_roots = vec![root.path().to_owned()];
        Self {
            config,
            cancel: CancellationToken::new(),
            asked: Asked::default(),
            run: RunId::generate(),
            fence_alive: true,
            secrets: BTreeMap::new(),
            slots: Vec::new(),
            root,
        }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut StepsConfig)) -> Self {
        change(&mut self.config);
        self
    }

    pub(crate) fn with_dead_lease(mut self) -> Self {
        self.fence_alive = false;
        self
    }

    /// Puts a secret, between two texts, at a place in the request.
    pub(crate) fn with_secret(mut self, pointer: &str, before: &str, secret: &str) -> Self {
        let name = format!("S{}", self.secrets.len());
        self.secrets.insert(name.clone(), secret.to_owned());
        self.slots.push(SecretSlot {
            pointer: pointer.to_owned(),
            parts: vec![SecretPart::Text(before.to_owned()), SecretPart::Secret(name)],
        });
        self
    }

    /// Without this secret in the source.
    pub(crate) fn without_secrets(mut self) -> Self {
        self.secrets.clear();
        self
    }

    pub(crate) fn attempt(&self, effect: EffectClass, with: Value) -> Attempt {
        let activity = ActivityRef::step(StepId::parse("step").expect("an id"));
        Attempt {
            tenant: TenantId::default(),
            run: self.run,
            effect_key: EffectKey::derive(self.run, &activity, 0),
            activity,
            number: 1,
            effect,
            request: Rendered {
                value: with,
                secrets: self.slots.clone(),
            },
            timeout: Duration::from_secs(60),
        }
    }

    pub(crate) fn registry(&self) -> Registry {
        Registry::new(executors(&self.config))
    }

    /// One attempt. It owns what it needs: the rig can cancel it meanwhile.
    pub(crate) fn start(
        &self,
        kind: &str,
        effect: EffectClass,
        with: Value,
    ) -> impl Future<Output = Outcome> + Send + use<> {
        self.start_in(&self.registry(), kind, effect, with)
    }

    /// The same, with executors that live longer.
    pub(crate) fn start_in(
        &self,
        registry: &Registry,
        kind: &str,
        effect: EffectClass,
        with: Value,
    ) -> impl Future<Output = Outcome> + Send + use<> {
        let (asked, alive) = (self.asked.clone(), self.fence_alive);
        let context = AttemptContext {
            cancel: self.cancel.clone(),
            fence: Fence::new(move || {
                asked.0.fetch_add(1, Ordering::SeqCst);
                alive
            }),
            secrets: Arc::new(Secrets(self.secrets.clone())),
        };
        let executor = Arc::clone(registry.get(kind).expect("a known kind"));
        executor.execute(self.attempt(effect, with), context)
    }

    pub(crate) async fn http(&self, effect: EffectClass, with: Value) -> Outcome {
        self.start("http", effect, with).await
    }

    pub(crate) async fn command(&self, with: Value) -> Outcome {
        self.start("command", EffectClass::Once, with).await
    }

    /// A shell script as a `once` command.
    pub(crate) async fn sh(&self, script: &str) -> Outcome {
        self.command(serde_json::json!({"argv": ["sh", "-c", script]})).await
    }
}

pub(crate) fn succeeded(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Succeeded(output) => output,
        other => panic!("expected a success, got {other:?}"),
    }
}

pub(crate) fn failed(outcome: Outcome) -> StepError {
    match outcome {
        Outcome::Failed(error) => error,
        other => panic!("expected a failure, got {other:?}"),
    }
}

pub(crate) fn unknown(outcome: Outcome) -> StepError {
    match outcome {
        Outcome::Unknown(error) => error,
        other => panic!("expected an unknown outcome, got {other:?}"),
    }
}

pub(crate) fn not_begun(outcome: Outcome) -> StepError {
    match outcome {
        Outcome::NotBegun(error) => error,
        other => panic!("expected an attempt that did not begin, got {other:?}"),
    }
}

pub(crate) fn code(error: &StepError) -> &str {
    &error.code
}
