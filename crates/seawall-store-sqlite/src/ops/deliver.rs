//! A message into an inbox, by whichever way it comes.

use rusqlite::{OptionalExtension as _, params};
use seawall_store::{Digest, MessageKey, NewMessage};

use crate::writer::Tx;

/// A message that is, or was, in a run's inbox.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Consumed,
    Unread,
    Withheld,
}

/// What became of the run's message of that key, if there ever was one, and a digest of its body where it was sent.
pub(super) fn known(tx: &Tx<'_>, run_no: i64, key: &MessageKey) -> rusqlite::Result<Option<(Known, Option<[u8; 32]>)>> {
    tx.statement("SELECT unread, fingerprint FROM inbox WHERE run_no = ?1 AND key = ?2")?
        .query_row(params![run_no, key.0], |row| {
            let known = match row.get::<_, i64>(0)? {
                0 => Known::Consumed,
                1 => Known::Unread,
                _ => Known::Withheld,
            };
            Ok((known, row.get(1)?))
        })
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

/// Writes a message that nobody reads before the run is admitted anew. False: its key is known.
pub(super) fn withhold(tx: &Tx<'_>, run_no: i64, key: &MessageKey, body: &[u8]) -> rusqlite::Result<bool> {
    let written = tx
        .statement(
            "INSERT INTO inbox (run_no, key, unread, body) VALUES (?1, ?2, 2, ?3) ON CONFLICT (run_no, key) DO NOTHING",
        )?
        .execute(params![run_no, key.0, body])?;
    Ok(written > 0)
}

/// What nobody has read yet is for nobody to read before the run is admitted anew.
pub(super) fn withhold_unread(tx: &Tx<'_>, run_no: i64) -> rusqlite::Result<()> {
    tx.statement("UPDATE inbox SET unread = 2 WHERE run_no = ?1 AND unread = 1")?
        .execute([run_no])?;
    Ok(())
}

/// Forgets what is withheld, so that it can be sent again. False: nothing is.
pub(super) fn forget_withheld(tx: &Tx<'_>, run_no: i64) -> rusqlite::Result<bool> {
    let forgotten = tx
        .statement("DELETE FROM inbox WHERE run_no = ?1 AND unread = 2")?
        .execute([run_no])?;
    Ok(forgotten > 0)
}

pub(super) fn has_withheld(tx: &Tx<'_>, run_no: i64) -> rusqlite::Result<bool> {
    tx.statement("SELECT 1 FROM inbox WHERE run_no = ?1 AND unread = 2 LIMIT 1")?
        .exists([run_no])
}

pub(super) fn has_unread(tx: &Tx<'_>, run_no: i64) -> rusqlite::Result<bool> {
    tx.statement("SELECT 1 FROM inbox WHERE run_no = ?1 AND unread = 1 LIMIT 1")?
        .query_row([run_no], |_| Ok(()))
        .optional()
        .map(|found| found.is_some())
}
