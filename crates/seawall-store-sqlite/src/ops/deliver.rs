//! A message into an inbox, by whichever way it comes.

use rusqlite::{OptionalExtension as _, params};
use seawall_store::{Digest, MessageKey, NewMessage};

use crate::writer::Tx;

/// Whether the run's inbox has, or ever had, a message of that key; and if so, a digest of its body where it was sent.
pub(super) fn known(tx: &Tx<'_>, run_no: i64, key: &MessageKey) -> rusqlite::Result<Option<Option<[u8; 32]>>> {
    tx.statement("SELECT fingerprint FROM inbox WHERE run_no = ?1 AND key = ?2")?
        .query_row(params![run_no, key.0], |row| row.get(0))
        .optional()
}

/// Writes the message, unless its key is known, and makes an unheld run due at once. False: its key is known.
pub(super) fn deliver(tx: &Tx<'_>, run_no: i64, key: &MessageKey, body: &[u8]) -> rusqlite::Result<bool> {
    let written = tx
        .statement(
            "INSERT INTO inbox (run_no, key, unread, body) VALUES (?1, ?2, 1, ?3) ON CONFLICT (run_no, key) DO NOTHING",
        )?
        .execute(params![run_no, key.0, body])?;
    if written == 0 {
        return Ok(false);
    }
    make_due(tx, run_no)?;
    Ok(true)
}

/// An unheld run is due at once.
pub(super) fn make_due(tx: &Tx<'_>, run_no: i64) -> rusqlite::Result<()> {
    tx.statement("UPDATE runs SET due = 0 WHERE run_no = ?1 AND holder IS NULL AND (due IS NULL OR due <> 0)")?
        .execute([run_no])?;
    Ok(())
}

/// Who reads a message that was sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// The run's holder, at once.
    Holder,
    /// Nobody before the run is admitted anew.
    Nobody,
}

/// Writes a message that was sent and whose key is not known.
pub(super) fn post(
    tx: &Tx<'_>,
    run_no: i64,
    message: &NewMessage,
    fingerprint: &Digest,
    reader: Reader,
) -> rusqlite::Result<()> {
    let unread = match reader {
        Reader::Holder => 1,
        Reader::Nobody => 2,
    };
    tx.statement("INSERT INTO inbox (run_no, key, unread, body, fingerprint) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![
            run_no,
            message.key.0,
            unread,
            message.body,
            fingerprint.as_bytes()
        ])?;
    if reader == Reader::Holder {
        make_due(tx, run_no)?;
    }
    Ok(())
}

pub(super) fn has_unread(tx: &Tx<'_>, run_no: i64) -> rusqlite::Result<bool> {
    tx.statement("SELECT 1 FROM inbox WHERE run_no = ?1 AND unread = 1 LIMIT 1")?
        .query_row([run_no], |_| Ok(()))
        .optional()
        .map(|found| found.is_some())
}
