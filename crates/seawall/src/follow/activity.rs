//! One thing that a run does or waits for.

use jiff::Timestamp;
use serde_json::Value;

use crate::client::JournalEvent;

/// A step, one item of a map step, or what undoes or looks into them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Activity {
    pub(super) step: String,
    pub(super) item: Option<u64>,
    /// `compensate`, `reconcile`; None: the step or item itself.
    pub(super) part: Option<String>,
}

impl Activity {
    /// That the event is about; None for events of the whole run.
    pub(super) fn of(event: &JournalEvent) -> Option<Self> {
        Self::read(&event.data)
    }

    pub(super) fn read(data: &Value) -> Option<Self> {
        Some(Self {
            step: data.get("step_id")?.as_str()?.to_owned(),
            item: data.get("item").and_then(Value::as_u64),
            part: data.get("part").and_then(Value::as_str).map(str::to_owned),
        })
    }

    #[cfg(test)]
    pub(super) fn own(step: &str) -> Self {
        Self {
            step: step.to_owned(),
            item: None,
            part: None,
        }
    }
}

impl std::fmt::Display for Activity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.step)?;
        if let Some(item) = self.item {
            write!(f, "[{item}]")?;
        }
        match &self.part {
            Some(part) => write!(f, ".{part}"),
            None => Ok(()),
        }
    }
}

/// What an activity that has begun and not ended is at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Doing {
    /// An attempt is in progress.
    Attempt,
    /// Its next attempt comes by itself.
    Retry,
    /// A timer.
    Timer,
    /// The items of a map: they speak for themselves.
    Items,
    Signal {
        name: String,
    },
    Approval {
        id: String,
        message: String,
    },
    Child {
        run: String,
    },
    /// Its outcome is unknown: somebody has to find out.
    Unknown {
        message: String,
    },
}

impl Doing {
    /// It goes on without anybody.
    pub(super) const fn moves(&self) -> bool {
        matches!(self, Self::Attempt | Self::Retry | Self::Timer)
    }
}

/// An activity that has begun.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Begun {
    pub(super) doing: Doing,
    pub(super) since: Timestamp,
}
