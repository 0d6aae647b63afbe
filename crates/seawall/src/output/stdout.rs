//! Writing. A reader that went away is no failure: the work goes on, its words are dropped.

use std::cell::Cell;
use std::io::{self, ErrorKind, Write as _};

use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;

/// Stdout.
#[derive(Default)]
pub(crate) struct Output {
    closed: Cell<bool>,
}

impl Output {
    /// One line, or several.
    pub(crate) fn line(&self, text: &str) -> Result<(), Failure> {
        self.bytes(format!("{text}\n").as_bytes())
    }

    /// A document as it is.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        if self.closed.get() {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed.set(true);
                Ok(())
            }
            other => other.map_err(Failure::Output),
        }
    }

    /// A value on one line, for programs.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(|error| Failure::Output(error.into()))?;
        self.line(&text)
    }

    /// That a list goes on.
    pub(crate) fn more(&self, cursor: Option<&str>) -> Result<(), Failure> {
        match cursor {
            Some(cursor) => self.line(&format!("more: --cursor {cursor}")),
            None => Ok(()),
        }
    }

    /// A value for people: texts as they are, everything else indented.
    pub(crate) fn value(&self, value: &Value) -> Result<(), Failure> {
        match value {
            Value::String(text) => self.line(text.strip_suffix('\n').unwrap_or(text)),
            other => self.line(&format!("{other:#}")),
        }
    }
}

/// Words on stderr. Nobody is left to be told when that fails.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
