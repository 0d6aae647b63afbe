//! What an attempt may give back.

use std::io;

use seawall_engine::{EffectClass, Outcome, StepError};
use serde_json::Value;

/// Counts what is written.
struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The length of the value's JSON text.
fn json_len(value: &Value) -> usize {
    let mut count = Count(0);
    match serde_json::to_writer(&mut count, value) {
        Ok(()) => count.0,
        Err(_) => usize::MAX,
    }
}

/// Success, unless the output is larger than a step's output may be. The effect is over either way.
pub(crate) fn within_limit(output: Value, limit: usize) -> Outcome {
    let len = json_len(&output);
    if len <= limit {
        return Outcome::Succeeded(output);
    }
    Outcome::Failed(too_large(format!(
        "the effect is complete, but its output has {len} bytes of JSON; the limit is {limit}"
    )))
}

pub(crate) fn too_large(message: impl Into<String>) -> StepError {
    StepError::permanent("output-too-large", message)
}

/// The effect was cut off because it gave too much. Doing it again is useless; a `once` effect may be half done.
pub(crate) fn cut_off(effect: EffectClass, error: StepError) -> Outcome {
    match effect {
        EffectClass::Once => Outcome::Unknown(error),
        EffectClass::Pure | EffectClass::Read | EffectClass::Idempotent => Outcome::Failed(error),
    }
}

pub(crate) fn fence_refused() -> StepError {
    StepError::new("fence-refused", seawall_engine::BeginRefused.to_string())
}

pub(crate) fn cancelled(message: &'static str) -> StepError {
    StepError::new("cancelled", message)
}
