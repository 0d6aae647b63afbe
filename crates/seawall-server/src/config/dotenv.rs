//! The file `.env.<ENVIRONMENT>`.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::ConfigError;

/// The file's variables. None: there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<BTreeMap<String, String>>, ConfigError> {
    let refuse = |message: String| ConfigError {
        variable: path.display().to_string(),
        message,
    };
    let iter = match dotenvy::from_path_iter(path) {
        Ok(iter) => iter,
        Err(dotenvy::Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refuse(format!("cannot be read: {error}"))),
    };
    // The parser's message would quote the line, which may hold a secret.
    let map = iter.collect::<Result<_, _>>().map_err(|error| match error {
        dotenvy::Error::LineParse(_, column) => refuse(format!("a line is not NAME=value (at character {column})")),
        other => refuse(format!("cannot be read: {other}")),
    })?;
    Ok(Some(map))
}
