//! What can go wrong with the file, and what SQLite's error codes mean to a caller.

use std::path::PathBuf;

use rusqlite::ErrorCode;
use seawall_store::StoreError;

use crate::writer::{Fault, FaultKind};

/// Why a file was not opened, migrated or looked at.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{path} is in use by another process")]
    Locked { path: PathBuf },
    #[error("cannot lock {path}")]
    Lock { path: PathBuf, source: std::io::Error },
    #[error("cannot find the folder of {path}")]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("{path} is not a Seawall database")]
    Foreign { path: PathBuf },
    #[error("{path} cannot be written to")]
    ReadOnly { path: PathBuf },
    #[error("the database has version {found}, this program knows versions up to {known}: use a newer program")]
    NewerVersion { found: u32, known: u32 },
    #[error("the database has version {found}, this program needs {known}: run `seawall migrate`")]
    OlderVersion { found: u32, known: u32 },
    #[error("migration {version} ({name}) was applied with another text than this program has")]
    MigrationChanged { version: u32, name: String },
    #[error("could not {doing}")]
    Database {
        doing: &'static str,
        source: rusqlite::Error,
    },
    #[error("could not start the writer thread")]
    Thread { source: std::io::Error },
}

impl OpenError {
    pub(crate) fn database(doing: &'static str) -> impl FnOnce(rusqlite::Error) -> Self {
        move |source| Self::Database { doing, source }
    }
}

/// Why an operation did not happen.
#[derive(Debug)]
pub(crate) enum OpError {
    /// The operation was understood and refused.
    Refused(StoreError),
    Sql(rusqlite::Error),
}

impl From<StoreError> for OpError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for OpError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl OpError {
    /// What the caller of a read is told.
    pub(crate) fn into_store_error(self) -> StoreError {
        match self {
            Self::Refused(error) => error,
            Self::Sql(error) => sql_error(error),
        }
    }
}

/// The standing fault that an error stands for; None where only this one operation is concerned.
pub(crate) fn fault_kind(error: &rusqlite::Error) -> Option<FaultKind> {
    match error.sqlite_error_code()? {
        ErrorCode::DiskFull => Some(FaultKind::Full),
        ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::FileLockingProtocolFailed => {
            Some(FaultKind::Io)
        }
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Some(FaultKind::ReadOnly),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Some(FaultKind::Locked),
        ErrorCode::OutOfMemory => Some(FaultKind::Memory),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Some(FaultKind::Corrupt),
        _ => None,
    }
}

/// The error of a statement that changed nothing.
pub(crate) fn sql_error(error: rusqlite::Error) -> StoreError {
    match fault_kind(&error) {
        Some(kind) => Fault::of(kind, &error).unavailable(),
        None => StoreError::Corrupt {
            detail: error.to_string(),
            source: Some(Box::new(error)),
        },
    }
}
