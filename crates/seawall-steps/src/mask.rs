//! Keeps the secrets of an attempt out of what is recorded about it.

use std::collections::HashMap;

use seawall_engine::store::TenantId;
use seawall_engine::{Attempt, SecretError, SecretSource, StepError};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

const MASKED: &str = "***";

/// Lines of a secret shorter than this are not masked by themselves: `}` or `-----` would take half the output along.
const MIN_LINE: usize = 8;

/// The secrets of one attempt, each read once: what is masked is what was used, also while a secret file is replaced.
pub(crate) struct AttemptSecrets(HashMap<String, SecretString>);

impl SecretSource for AttemptSecrets {
    fn secret(&self, _tenant: &TenantId, name: &str) -> Result<SecretString, SecretError> {
        let known = self.0.get(name).cloned();
        known.ok_or_else(|| SecretError::Missing(name.to_owned()))
    }
}

/// Replaces every occurrence of a secret by `***`.
///
/// It finds a secret as it is, as it stands in JSON text, and, of a secret with several lines, each longer line. It does not
/// find one that the other side encoded or cut.
pub(crate) struct Mask(Vec<SecretString>);

/// The request with its secrets in place, and what hides them again.
pub(crate) fn reveal(attempt: &Attempt, source: &dyn SecretSource) -> Result<(Value, Mask), StepError> {
    let mut secrets = HashMap::new();
    for name in attempt.request.secret_names() {
        if !secrets.contains_key(name) {
            let secret = source
                .secret(&attempt.tenant, name)
                .map_err(|error| unavailable(&error))?;
            secrets.insert(name.to_owned(), secret);
        }
    }
    let mask = Mask::of(secrets.values());
    let with = attempt
        .request
        .reveal(&attempt.tenant, &AttemptSecrets(secrets))
        .map_err(|error| unavailable(&error))?;
    Ok((with, mask))
}

fn unavailable(error: &SecretError) -> StepError {
    match error {
        SecretError::Missing(_) => StepError::permanent("secret-missing", error.to_string()),
        SecretError::Unreadable(_) => StepError::new("secret-unreadable", error.to_string()),
    }
}

impl Mask {
    fn of<'a>(secrets: impl Iterator<Item = &'a SecretString>) -> Self {
        let mut forms: Vec<String> = Vec::new();
        for secret in secrets {
            let secret = secret.expose_secret();
            let quoted = Value::from(secret).to_string();
            forms.push(quoted[1..quoted.len() - 1].to_owned());
            let lines = secret.lines().map(str::trim).filter(|line| line.len() >= MIN_LINE);
            forms.extend(lines.map(str::to_owned));
            forms.push(secret.to_owned());
        }
        forms.retain(|form| !form.is_empty());
        // The longest first: a secret that holds another one must not be left in halves.
        forms.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        Self(forms.into_iter().map(SecretString::from).collect())
    }

    pub(crate) fn text(&self, mut text: String) -> String {
        for secret in &self.0 {
            if text.contains(secret.expose_secret()) {
                text = text.replace(secret.expose_secret(), MASKED);
            }
        }
        text
    }

    pub(crate) fn bytes(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        for secret in &self.0 {
            bytes = replace(bytes, secret.expose_secret().as_bytes());
        }
        bytes
    }

    /// In strings, keys, and numbers that are a secret.
    pub(crate) fn value(&self, value: Value) -> Value {
        if self.0.is_empty() {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(entries) => entries
                .into_iter()
                .map(|(key, value)| (self.text(key), self.value(value)))
                .collect(),
            Value::Number(number) if self.is_secret(&number.to_string()) => Value::from(MASKED),
            Value::Null | Value::Bool(_) | Value::Number(_) => value,
        }
    }

    fn is_secret(&self, text: &str) -> bool {
        self.0.iter().any(|secret| secret.expose_secret() == text)
    }
}

fn replace(bytes: Vec<u8>, secret: &[u8]) -> Vec<u8> {
    if !bytes.windows(secret.len()).any(|window| window == secret) {
        return bytes;
    }
    let mut masked = Vec::with_capacity(bytes.len());
    let mut rest = bytes.as_slice();
    while let Some((&first, tail)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(secret) {
            masked.extend_from_slice(MASKED.as_bytes());
            rest = after;
        } else {
            masked.push(first);
            rest = tail;
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(secrets: &[&str]) -> Mask {
        let secrets: Vec<SecretString> = secrets.iter().map(|secret| SecretString::from(*secret)).collect();
        Mask::of(secrets.iter())
    }

    #[test]
    fn a_secret_that_holds_another_is_masked_whole() {
        assert_eq!(mask(&["abc", "abcdef"]).text("x abcdef abc".to_owned()), "x *** ***");
    }

    #[test]
    fn secrets_are_masked_in_keys_values_and_numbers() {
        let masked = mask(&["s3cret", "12345"]).value(serde_json::json!({"s3cret": ["a s3cret", 12345, 7]}));
        assert_eq!(masked, serde_json::json!({"***": ["a ***", "***", 7]}));
    }

    #[test]
    fn a_secret_is_masked_as_it_stands_in_json_text() {
        assert_eq!(
            mask(&["pa\"ss\\word"]).text(r#"{"p":"pa\"ss\\word"}"#.to_owned()),
            r#"{"p":"***"}"#
        );
    }

    #[test]
    fn the_lines_of_a_long_secret_are_masked_one_by_one() {
        let key = "-----BEGIN-----\nMIIEvQIBADANBg\n}\n";
        assert_eq!(mask(&[key]).text("got MIIEvQIBADANBg }".to_owned()), "got *** }");
    }

    #[test]
    fn secrets_are_masked_in_bytes_that_are_not_text() {
        assert_eq!(mask(&["key"]).bytes(b"\xff key\xfekey".to_vec()), b"\xff ***\xfe***");
    }

    #[test]
    fn an_empty_secret_masks_nothing() {
        assert_eq!(mask(&[""]).text("text".to_owned()), "text");
        assert_eq!(mask(&[""]).bytes(b"text".to_vec()), b"text");
    }
}
