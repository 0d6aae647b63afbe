//! Flow control as an author writes it, and what it comes to for one run.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{FlowEntry, Rate, RunId, Timestamp};
use serde_json::Value;

use crate::datum::Datum;
use crate::definition::scope::{RunFacts, Scope};
use crate::definition::template::Template;

/// The highest priority; its negative is the lowest.
pub(crate) const MAX_PRIORITY: i8 = 100;

/// Which runs of a workflow may begin, and when. Empty: all of them, at once.
#[derive(Default)]
pub struct FlowControl {
    pub concurrency: Option<Concurrency>,
    /// Starts over time.
    pub rate: Option<Rate>,
    /// By which concurrency and rate are counted, with its place in the definition.
    pub key: Option<(Template, &'static str)>,
    pub debounce: Option<DebounceRule>,
    pub priority: Option<Template>,
}

pub struct Concurrency {
    pub limit: u32,
    pub on_conflict: Conflict,
}

/// What a run does that finds no free slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Conflict {
    Queue,
    Reject,
    CancelRunning,
}

pub struct DebounceRule {
    pub period: Duration,
    pub key: Option<Template>,
    pub max_wait: Duration,
}

/// What flow control comes to for one run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FlowPlan {
    pub priority: i8,
    /// None: the run begins at once.
    pub gate: Option<Gate>,
}

/// What a run has to pass before it begins: everything rendered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gate {
    pub key: Option<Arc<str>>,
    pub slots: Option<u32>,
    pub rate: Option<Rate>,
    pub on_conflict: Conflict,
    pub debounce: Option<Quiet>,
    /// Of the whole run: its time counts while it waits.
    pub timeout: Option<Duration>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quiet {
    pub key: Option<Arc<str>>,
    pub period: Duration,
    pub max_wait: Duration,
}

/// A key or a priority that this run's input gives no good value for.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct FlowError {
    /// Into the definition.
    pub pointer: &'static str,
    pub code: &'static str,
    pub message: String,
}

impl FlowControl {
    /// Its runs do not begin by themselves.
    #[must_use]
    pub const fn is_gated(&self) -> bool {
        self.concurrency.is_some() || self.rate.is_some() || self.debounce.is_some()
    }

    /// Renders everything for one run. `priority` is what the caller of the run says, before the definition.
    ///
    /// # Errors
    /// The first key or priority that makes no sense.
    pub fn plan(
        &self,
        (run, created_at): (RunId, Timestamp),
        input: &Datum,
        priority: Option<i8>,
        timeout: Option<Duration>,
    ) -> Result<FlowPlan, FlowError> {
        // Most workflows have none of it.
        if !self.is_gated() && (priority.is_some() || self.priority.is_none()) {
            let (priority, gate) = (priority.unwrap_or(0), None);
            return Ok(FlowPlan { priority, gate });
        }
        let scope = Scope {
            input: input.clone(),
            steps: Vec::new(),
            run: RunFacts {
                id: run,
                created_at,
                attempt: 1,
            },
            item: None,
            extras: Vec::new(),
        };
        let priority = match (priority, &self.priority) {
            (Some(given), _) => given,
            (None, Some(template)) => rank(template, &scope)?,
            (None, None) => 0,
        };
        let gate = if self.is_gated() {
            Some(self.gate(&scope, timeout)?)
        } else {
            None
        };
        Ok(FlowPlan { priority, gate })
    }

    fn gate(&self, scope: &Scope, timeout: Option<Duration>) -> Result<Gate, FlowError> {
        let own = match &self.key {
            Some((template, pointer)) => Some(key(template, pointer, scope)?),
            None => None,
        };
        let debounce = match &self.debounce {
            None => None,
            Some(rule) => Some(Quiet {
                key: match &rule.key {
                    Some(template) => Some(key(template, "/debounce/key", scope)?),
                    None => None,
                },
                period: rule.period,
                max_wait: rule.max_wait,
            }),
        };
        let counted = self.concurrency.is_some() || self.rate.is_some();
        Ok(Gate {
            // Where nothing is counted, what is debounced together is shown together.
            key: match &debounce {
                Some(quiet) if !counted => quiet.key.clone(),
                _ => own,
            },
            slots: self.concurrency.as_ref().map(|of| of.limit),
            rate: self.rate,
            on_conflict: self.concurrency.as_ref().map_or(Conflict::Queue, |of| of.on_conflict),
            debounce,
            timeout,
        })
    }
}

impl Conflict {
    /// The name in definitions and in the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Reject => "reject",
            Self::CancelRunning => "cancel_running",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Queue, Self::Reject, Self::CancelRunning]
            .into_iter()
            .find(|conflict| conflict.as_str() == text)
    }
}

fn key(template: &Template, pointer: &'static str, scope: &Scope) -> Result<Arc<str>, FlowError> {
    let error = |code, message| FlowError { pointer, code, message };
    let value = template
        .render(scope)
        .map_err(|cause| error("flow-key-invalid", format!("the key cannot be made: {}", cause.message)))?
        .value;
    let text = match value {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Null => return Err(error("flow-key-invalid", "the key is null".to_owned())),
        Value::Array(_) | Value::Object(_) => {
            let message = "the key is a list or an object; a text, a number or a boolean is needed";
            return Err(error("flow-key-invalid", message.to_owned()));
        }
    };
    if text.is_empty() {
        return Err(error("flow-key-empty", "the key is empty".to_owned()));
    }
    if text.len() > FlowEntry::MAX_KEY {
        let message = format!(
            "the key is {} bytes long; at most {} are allowed",
            text.len(),
            FlowEntry::MAX_KEY
        );
        return Err(error("flow-key-too-long", message));
    }
    Ok(Arc::from(text))
}

fn rank(template: &Template, scope: &Scope) -> Result<i8, FlowError> {
    let error = |message| FlowError {
        pointer: "/priority",
        code: "priority-invalid",
        message,
    };
    let value = template
        .render(scope)
        .map_err(|cause| error(format!("the priority cannot be made: {}", cause.message)))?
        .value;
    let rank = value.as_i64().and_then(|rank| i8::try_from(rank).ok());
    rank.filter(|rank| (-MAX_PRIORITY..=MAX_PRIORITY).contains(rank))
        .ok_or_else(|| {
            let shown: String = value.to_string().chars().take(100).collect();
            error(format!(
                "{shown} is no priority: a whole number from -100 to 100 is needed"
            ))
        })
}
