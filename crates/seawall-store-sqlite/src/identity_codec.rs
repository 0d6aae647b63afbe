//! How values of identity are written. Reading never trusts what is there.

use std::str::FromStr;

use rusqlite::Row;
use seawall_store::{
    AuditDetails, AuditOutcome, Finish, Mac, PasswordHash, Revoked, Scopes, SecretHash, SessionEndCause, StoredAnswer,
    UserRole,
};

use crate::codec::{decoded, names, names_at, shared, uuid_at};

pub(crate) const fn role_code(role: UserRole) -> i64 {
    match role {
        UserRole::Viewer => 0,
        UserRole::Operator => 1,
        UserRole::Admin => 2,
    }
}

pub(crate) fn role_at(row: &Row<'_>, column: usize) -> rusqlite::Result<UserRole> {
    let code: i64 = row.get(column)?;
    let found = UserRole::ALL.into_iter().find(|role| role_code(*role) == code);
    decoded(column, "role", found)
}

pub(crate) const fn cause_code(cause: SessionEndCause) -> i64 {
    match cause {
        SessionEndCause::Revoked => 0,
        SessionEndCause::Reused => 1,
        SessionEndCause::UserChanged => 2,
        SessionEndCause::GaveWay => 3,
    }
}

pub(crate) fn cause_at(row: &Row<'_>, column: usize) -> rusqlite::Result<SessionEndCause> {
    let found = match row.get::<_, i64>(column)? {
        0 => Some(SessionEndCause::Revoked),
        1 => Some(SessionEndCause::Reused),
        2 => Some(SessionEndCause::UserChanged),
        3 => Some(SessionEndCause::GaveWay),
        _ => None,
    };
    decoded(column, "cause of a session's end", found)
}

pub(crate) const fn outcome_code(outcome: AuditOutcome) -> i64 {
    match outcome {
        AuditOutcome::Succeeded => 0,
        AuditOutcome::Denied => 1,
        AuditOutcome::Failed => 2,
    }
}

pub(crate) fn outcome_at(row: &Row<'_>, column: usize) -> rusqlite::Result<AuditOutcome> {
    let code: i64 = row.get(column)?;
    let found = AuditOutcome::ALL
        .into_iter()
        .find(|outcome| outcome_code(*outcome) == code);
    decoded(column, "outcome", found)
}

/// Its kind and the bytes of its id.
pub(crate) fn revoked_code(what: Revoked) -> (i64, [u8; 16]) {
    match what {
        Revoked::Key(id) => (0, id.uuid().into_bytes()),
        Revoked::Session(id) => (1, id.uuid().into_bytes()),
    }
}

/// Of two columns, the kind in the first.
pub(crate) fn revoked_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Revoked> {
    let id = uuid_at(row, column + 1)?;
    let found = match row.get::<_, i64>(column)? {
        0 => Some(Revoked::Key(seawall_store::KeyId::from_uuid(id))),
        1 => Some(Revoked::Session(seawall_store::SessionId::from_uuid(id))),
        _ => None,
    };
    decoded(column, "kind of revocation", found)
}

/// One of the texts that are parsed once.
pub(crate) fn text_at<T: FromStr>(row: &Row<'_>, column: usize, what: &'static str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    decoded(column, what, text.parse().ok())
}

pub(crate) fn maybe_text_at<T: FromStr>(
    row: &Row<'_>,
    column: usize,
    what: &'static str,
) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| decoded(column, what, text.parse().ok())).transpose()
}

pub(crate) fn scopes_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Scopes> {
    let text: String = row.get(column)?;
    decoded(column, "set of scopes", Scopes::parse(&text).ok())
}

pub(crate) fn details_at(row: &Row<'_>, column: usize) -> rusqlite::Result<AuditDetails> {
    let text: String = row.get(column)?;
    decoded(column, "details of an audit record", AuditDetails::new(&text).ok())
}

pub(crate) fn password_at(row: &Row<'_>, column: usize) -> rusqlite::Result<PasswordHash> {
    let text: String = row.get(column)?;
    decoded(column, "password's hash", PasswordHash::parse(&text).ok())
}

pub(crate) fn hash_at(row: &Row<'_>, column: usize) -> rusqlite::Result<SecretHash> {
    row.get(column).map(SecretHash::from_bytes)
}

pub(crate) fn maybe_hash_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<SecretHash>> {
    let bytes: Option<[u8; 32]> = row.get(column)?;
    Ok(bytes.map(SecretHash::from_bytes))
}

pub(crate) fn mac_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Mac> {
    row.get(column).map(Mac::from_bytes)
}

/// Names and values by turns.
pub(crate) fn headers(answer: &StoredAnswer) -> Vec<u8> {
    let flat: Vec<String> = answer
        .headers()
        .flat_map(|(name, value)| [name.to_owned(), value.to_owned()])
        .collect();
    names(&flat)
}

/// How a request ended, of the columns stage, status, headers and body. None: it has not.
pub(crate) fn finish_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Finish>> {
    match row.get::<_, i64>(column)? {
        0 => Ok(None),
        1 => {
            let flat = names_at(row, column + 2)?;
            let pairs = flat
                .chunks_exact(2)
                .map(|pair| (pair[0].as_str().into(), pair[1].as_str().into()));
            let body = shared::<[u8]>(row, column + 3)?;
            let answer = StoredAnswer::new(row.get(column + 1)?, pairs, body);
            decoded(column, "answer", answer.ok()).map(|answer| Some(Finish::Answer(answer)))
        }
        2 => Ok(Some(Finish::Withheld)),
        _ => decoded(column, "stage of a request", None),
    }
}
