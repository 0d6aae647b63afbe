//! Migrations: SQL files in the binary, applied in order, each in a transaction of its own.
//!
//! The file records what was applied with a checksum of its text. A text that was changed after it was applied is an
//! error, and so is a file that knows more migrations than this program. There is no way back: a new migration mends.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, params};
use seawall_store::{Digest, StoreClock, SystemClock};

use crate::connection;
use crate::error::OpenError;
use crate::lock::{FileLock, resolve};

/// Marks a SQLite file as ours: "SeaW".
const APPLICATION_ID: i64 = 0x5365_6157;

const CACHE_BYTES: usize = 2 << 20;

struct Migration {
    version: u32,
    name: &'static str,
    sql: &'static str,
}

/// In order, numbered from 1 without a gap. Never changed once released.
const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "first",
        sql: include_str!("migrations/0001_first.sql"),
    },
    Migration {
        version: 2,
        name: "tasks",
        sql: include_str!("migrations/0002_tasks.sql"),
    },
    Migration {
        version: 3,
        name: "schedules",
        sql: include_str!("migrations/0003_schedules.sql"),
    },
    Migration {
        version: 4,
        name: "flow",
        sql: include_str!("migrations/0004_flow.sql"),
    },
    Migration {
        version: 5,
        name: "retention",
        sql: include_str!("migrations/0005_retention.sql"),
    },
    Migration {
        version: 6,
        name: "upkeep",
        sql: include_str!("migrations/0006_upkeep.sql"),
    },
    Migration {
        version: 7,
        name: "suspects",
        sql: include_str!("migrations/0007_suspects.sql"),
    },
    Migration {
        version: 8,
        name: "scopes",
        sql: include_str!("migrations/0008_scopes.sql"),
    },
    Migration {
        version: 10,
        name: "told",
        sql: include_str!("migrations/0010_told.sql"),
    },
    Migration {
        version: 11,
        name: "identity",
        sql: include_str!("migrations/0011_identity.sql"),
    },
];

const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum BLOB NOT NULL, applied_at INTEGER NOT NULL) STRICT";

/// A migration that a file has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppliedMigration {
    pub version: u32,
    pub name: String,
}

/// What [`migrate`] did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MigrationReport {
    /// The file's version before; 0 for a new file.
    pub from: u32,
    pub to: u32,
    pub applied: Vec<AppliedMigration>,
}

/// What a file has and what this program knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MigrationStatus {
    pub applied: Vec<AppliedMigration>,
    pub pending: Vec<AppliedMigration>,
}

fn known() -> u32 {
    MIGRATIONS.last().map_or(0, |last| last.version)
}

/// Brings the file at `path` to this program's version, making it if there is none.
///
/// # Errors
/// `Locked` while a process has it open; `NewerVersion`; `MigrationChanged`; errors of the file.
pub fn migrate(path: &Path) -> Result<MigrationReport, OpenError> {
    let path = resolve(path)?;
    let _lock = FileLock::take(&path)?;
    let conn = open_ours(&path, CACHE_BYTES)?;
    apply(&conn, &SystemClock)
}

/// What the file at `path` has, without changing it; also while a process has it open.
///
/// # Errors
/// As in [`migrate`], but for `Locked`.
pub fn status(path: &Path) -> Result<MigrationStatus, OpenError> {
    let path = resolve(path)?;
    let conn = open_to_read(&path, CACHE_BYTES)?;
    let found = check(&conn)?;
    let migrations = MIGRATIONS.iter().map(|migration| AppliedMigration {
        version: migration.version,
        name: migration.name.to_owned(),
    });
    let (applied, pending) = migrations.partition(|migration| migration.version <= found);
    Ok(MigrationStatus { applied, pending })
}

/// Opens the file for reading, if it is one of ours.
pub(crate) fn open_to_read(path: &Path, cache_bytes: usize) -> Result<Connection, OpenError> {
    let conn = connection::reading(path, cache_bytes).map_err(|source| refused(path, source))?;
    check_ours(&conn, path)?;
    Ok(conn)
}

/// Opens the file for writing, if it is new or one of ours. The caller holds its lock.
pub(crate) fn open_ours(path: &Path, cache_bytes: usize) -> Result<Connection, OpenError> {
    let conn = connection::writing(path, cache_bytes, true).map_err(|source| refused(path, source))?;
    check_ours(&conn, path)?;
    match conn.is_readonly("main") {
        Ok(false) => Ok(conn),
        Ok(true) => Err(OpenError::ReadOnly { path: path.to_owned() }),
        Err(source) => Err(refused(path, source)),
    }
}

fn refused(path: &Path, source: rusqlite::Error) -> OpenError {
    use rusqlite::ErrorCode::{NotADatabase, ReadOnly};
    match source.sqlite_error_code() {
        Some(NotADatabase) => OpenError::Foreign { path: path.to_owned() },
        Some(ReadOnly) => OpenError::ReadOnly { path: path.to_owned() },
        _ => OpenError::Database {
            doing: "open the database",
            source,
        },
    }
}

fn check_ours(conn: &Connection, path: &Path) -> Result<(), OpenError> {
    let id: i64 = conn
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(|source| refused(path, source))?;
    let tables: i64 = conn
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|source| refused(path, source))?;
    if id == APPLICATION_ID || tables == 0 {
        Ok(())
    } else {
        Err(OpenError::Foreign { path: path.to_owned() })
    }
}

/// Refuses a file that is not at this program's version.
pub(crate) fn require_current(conn: &Connection) -> Result<(), OpenError> {
    match check(conn)? {
        found if found == known() => Ok(()),
        found => Err(OpenError::OlderVersion { found, known: known() }),
    }
}

/// Compares what was applied with what is known, and answers the file's version.
fn check(conn: &Connection) -> Result<u32, OpenError> {
    let failed = || OpenError::database("read which migrations were applied");
    let exists = conn
        .query_row(
            "SELECT 1 FROM sqlite_schema WHERE name = 'schema_migrations'",
            [],
            |_| Ok(()),
        )
        .optional()
        .map_err(failed())?;
    if exists.is_none() {
        return Ok(0);
    }
    let mut statement = conn
        .prepare("SELECT version, name, checksum FROM schema_migrations ORDER BY version")
        .map_err(failed())?;
    let rows = statement
        .query_map([], |row| {
            Ok((
                row.get::<_, u32>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, Vec<u8>>(2)?,
            ))
        })
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .map_err(failed())?;
    let found = rows.last().map_or(0, |row| row.0);
    if found > known() {
        return Err(OpenError::NewerVersion { found, known: known() });
    }
    for (index, (version, name, checksum)) in rows.into_iter().enumerate() {
        let same = MIGRATIONS.get(index).is_some_and(|known| {
            known.version == version && Digest::of(known.sql.as_bytes()).as_bytes()[..] == checksum
        });
        if !same {
            return Err(OpenError::MigrationChanged { version, name });
        }
    }
    Ok(found)
}

/// Applies what is missing. The caller holds the file lock.
pub(crate) fn apply(conn: &Connection, clock: &dyn StoreClock) -> Result<MigrationReport, OpenError> {
    let from = check(conn)?;
    let mut applied = Vec::new();
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > from) {
        apply_one(conn, migration, clock).map_err(OpenError::database("apply a migration"))?;
        tracing::info!(version = migration.version, name = migration.name, "migration applied");
        applied.push(AppliedMigration {
            version: migration.version,
            name: migration.name.to_owned(),
        });
    }
    Ok(MigrationReport {
        from,
        to: known(),
        applied,
    })
}

fn apply_one(conn: &Connection, migration: &Migration, clock: &dyn StoreClock) -> rusqlite::Result<()> {
    let tx = rusqlite::Transaction::new_unchecked(conn, rusqlite::TransactionBehavior::Immediate)?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.execute_batch(CREATE_TABLE)?;
    tx.execute_batch(migration.sql)?;
    let checksum = Digest::of(migration.sql.as_bytes());
    tx.execute(
        "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (?1, ?2, ?3, ?4)",
        params![
            migration.version,
            migration.name,
            checksum.as_bytes(),
            clock.now().as_millis()
        ],
    )?;
    tx.commit()
}
