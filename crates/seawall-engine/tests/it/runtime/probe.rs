//! An executor that does what a test tells it, and keeps a log.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};
use parking_lot::Mutex;
use seawall_engine::{Attempt, AttemptContext, EffectClass, Executor, FieldShape, FieldSpec, KindSpec, Outcome};
use serde_json::Value;

type Script = dyn Fn(Attempt, AttemptContext) -> BoxFuture<'static, Outcome> + Send + Sync;

static FIELDS: [FieldSpec; 1] = [FieldSpec {
    name: "value",
    shape: FieldShape::Any,
    required: false,
    secrets: false,
    excludes: None,
    doc: "Anything.",
}];

fn once(_with: &Value) -> EffectClass {
    EffectClass::Once
}

/// The kind `probe`.
pub(crate) struct Probe {
    spec: KindSpec,
    script: Box<Script>,
    /// Each attempt that was begun.
    pub(crate) log: Arc<Mutex<Vec<Attempt>>>,
}

impl Probe {
    pub(crate) fn new<F>(script: impl Fn(Attempt, AttemptContext) -> F + Send + Sync + 'static) -> Arc<Self>
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        Arc::new(Self {
            spec: KindSpec {
                kind: "probe",
                doc: "Does what a test tells it.",
                fields: &FIELDS,
                default_effect: once,
                disabled: None,
            },
            script: Box::new(move |attempt, context| script(attempt, context).boxed()),
            log: Arc::default(),
        })
    }

    /// Succeeds at once with its `value`.
    pub(crate) fn echo() -> Arc<Self> {
        Self::new(|attempt, _| async move { Outcome::Succeeded(value(&attempt)) })
    }

    /// Never ends, whatever it is told.
    pub(crate) fn deaf() -> Arc<Self> {
        Self::new(|_, _| std::future::pending())
    }

    /// Names of the steps whose attempts were begun, in order.
    pub(crate) fn begun(&self) -> Vec<String> {
        self.log
            .lock()
            .iter()
            .map(|attempt| attempt.activity.to_string())
            .collect()
    }
}

pub(crate) fn value(attempt: &Attempt) -> Value {
    attempt.request.value.get("value").cloned().unwrap_or_default()
}

impl Executor for Probe {
    fn spec(&self) -> &KindSpec {
        &self.spec
    }

    fn execute(&self, attempt: Attempt, context: AttemptContext) -> BoxFuture<'static, Outcome> {
        self.log.lock().push(attempt.clone());
        (self.script)(attempt, context)
    }
}
