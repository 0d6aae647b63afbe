//! Where a command may run.
//!
//! The folder is resolved first and compared then, so that neither `..` nor a link leads out of the roots. Whoever can
//! replace folders inside a root at the right moment still gets out; only a sandbox ends that.

use std::io;
use std::path::{Path, PathBuf};

use seawall_engine::StepError;

fn refused(message: String) -> StepError {
    StepError::permanent("cwd-not-allowed", message)
}

pub(crate) async fn resolve(cwd: Option<&str>, roots: &[PathBuf]) -> Result<PathBuf, StepError> {
    let Some(first) = roots.first() else {
        return Err(refused(
            "no folder is allowed: WORKSPACE_ALLOWED_ROOTS is empty".to_owned(),
        ));
    };
    let wanted = first.join(cwd.unwrap_or_default());
    let resolved = tokio::fs::canonicalize(&wanted)
        .await
        .map_err(|error| missing(&wanted, &error))?;
    let mut allowed = false;
    for root in roots {
        // A root that does not exist allows nothing.
        allowed |= matches!(tokio::fs::canonicalize(root).await, Ok(root) if resolved.starts_with(&root));
    }
    if !allowed {
        return Err(refused(format!("`{}` is outside the allowed roots", wanted.display())));
    }
    match tokio::fs::metadata(&resolved).await {
        Ok(metadata) if metadata.is_dir() => Ok(resolved),
        Ok(_) => Err(missing(&wanted, &io::ErrorKind::NotADirectory.into())),
        Err(error) => Err(missing(&wanted, &error)),
    }
}

fn missing(wanted: &Path, error: &io::Error) -> StepError {
    let message = format!("`{}` is not a folder that can be entered: {error}", wanted.display());
    StepError::permanent("cwd-not-found", message)
}
