//! The file lock: one process owns a database, or nobody does.
//!
//! A lock of its own, beside the database, because SQLite's locks come and go with transactions. It belongs to the open
//! file, so the kernel releases it however the process ends, and a second opening in the same process is refused too.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::error::OpenError;

/// Holds the lock until dropped.
#[derive(Debug)]
pub(crate) struct FileLock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl FileLock {
    /// Locks the database at `path`, which [`resolve`] gave.
    pub(crate) fn take(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Lock {
            path: path.to_owned(),
            source,
        };
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&name)
            .map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self(file)),
            Err(Errno::WOULDBLOCK) => Err(OpenError::Locked { path: path.to_owned() }),
            Err(errno) => Err(failed(errno.into())),
        }
    }
}

/// The one name of a database file, so that a link to it does not give it a second lock.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf, OpenError> {
    if let Ok(found) = path.canonicalize() {
        return Ok(found);
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder = folder.canonicalize().map_err(|source| OpenError::Folder {
        path: path.to_owned(),
        source,
    })?;
    match path.file_name() {
        Some(name) => Ok(folder.join(name)),
        None => Err(OpenError::Foreign { path: path.to_owned() }),
    }
}
