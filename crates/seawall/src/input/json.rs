//! Single values on the command line that are JSON whatever they are for.

use serde_json::Value;

/// For clap.
pub(crate) fn json_value(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("no JSON ({error}); a text is written '\"text\"'"))
}
