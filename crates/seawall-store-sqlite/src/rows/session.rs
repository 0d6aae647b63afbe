use rusqlite::{Connection, OptionalExtension as _, Row, params};
use seawall_store::{SessionEnd, SessionId, SessionRecord, TenantId, Timestamp, UserId};

use super::session_query;
use crate::codec::{maybe_time_at, tenant_at, time_at, uuid_at};
use crate::identity_codec::cause_at;

/// A session with its number and its tenant.
pub(crate) struct NumberedSession {
    pub(crate) session_no: i64,
    pub(crate) tenant: TenantId,
    pub(crate) record: SessionRecord,
}

/// A row of `sql/session_columns.sql`.
fn session(row: &Row<'_>) -> rusqlite::Result<NumberedSession> {
    let ended = match maybe_time_at(row, 8)? {
        Some(at) => Some(SessionEnd {
            at,
            cause: cause_at(row, 9)?,
        }),
        None => None,
    };
    Ok(NumberedSession {
        session_no: row.get(0)?,
        tenant: tenant_at(row, 1)?,
        record: SessionRecord {
            id: uuid_at(row, 2).map(SessionId::from_uuid)?,
            user: uuid_at(row, 3).map(UserId::from_uuid)?,
            created_at: time_at(row, 4)?,
            rotated_at: time_at(row, 5)?,
            expires_at: time_at(row, 6)?,
            rotations: row.get(7)?,
            ended,
        },
    })
}

pub(crate) fn session_by_id(
    conn: &Connection,
    tenant: &TenantId,
    id: SessionId,
) -> rusqlite::Result<Option<NumberedSession>> {
    conn.prepare_cached(session_query!("WHERE s.id = ?1 AND t.name = ?2"))?
        .query_row(params![id.uuid().as_bytes(), tenant.as_str()], session)
        .optional()
}

pub(crate) fn session_by_no(conn: &Connection, session_no: i64) -> rusqlite::Result<NumberedSession> {
    conn.prepare_cached(session_query!("WHERE s.session_no = ?1"))?
        .query_row([session_no], session)
}

/// The user's sessions that count, the oldest first.
pub(crate) fn live_sessions(
    conn: &Connection,
    tenant: &TenantId,
    user: UserId,
    now: Timestamp,
) -> rusqlite::Result<Vec<NumberedSession>> {
    conn.prepare_cached(session_query!(
        "WHERE s.user = ?1 AND s.ended_at IS NULL AND s.expires_at > ?2 AND t.name = ?3 ORDER BY s.session_no"
    ))?
    .query_map(
        params![user.uuid().as_bytes(), now.as_millis(), tenant.as_str()],
        session,
    )?
    .collect()
}
