use std::time::Duration;

use futures_util::future::BoxFuture;
use rusqlite::{Connection, params};
use seawall_store::{Revocation, RevocationNo, RevocationStore, Revocations, StoreResult};

use crate::SqliteStore;
use crate::codec::{count_at, int, time_at};
use crate::identity_codec::revoked_at;
use crate::ops::ForgetRevocations;
use crate::writer::Lane;

impl RevocationStore for SqliteStore {
    fn last_revocation(&self) -> BoxFuture<'_, StoreResult<RevocationNo>> {
        Box::pin(self.readers.read(|conn| Ok(last(conn)?)))
    }

    fn revocations(&self, after: RevocationNo, limit: u32) -> BoxFuture<'_, StoreResult<Revocations>> {
        let limit = limit.min(Revocations::MAX);
        Box::pin(self.readers.read(move |conn| Ok(revocations(conn, after, limit)?)))
    }

    fn forget_revocations(&self, kept_for: Duration, limit: u32) -> BoxFuture<'_, StoreResult<u32>> {
        Box::pin(self.writer.submit(Lane::Client, ForgetRevocations { kept_for, limit }))
    }
}

fn last(conn: &Connection) -> rusqlite::Result<RevocationNo> {
    conn.prepare_cached("SELECT last FROM revocation_count WHERE count_no = 1")?
        .query_row([], |row| count_at(row, 0, "count of revocations").map(RevocationNo))
}

fn revocations(conn: &Connection, after: RevocationNo, limit: u32) -> rusqlite::Result<Revocations> {
    let last = last(conn)?;
    let first: Option<i64> = conn
        .prepare_cached("SELECT min(revocation_no) FROM revocations")?
        .query_row([], |row| row.get(0))?;
    let first = first.unwrap_or(int(last.0) + 1);
    let items = conn
        .prepare_cached(
            "SELECT revocation_no, kind, id, at FROM revocations WHERE revocation_no > ?1
             ORDER BY revocation_no LIMIT ?2",
        )?
        .query_map(params![int(after.0), limit], |row| {
            Ok(Revocation {
                no: count_at(row, 0, "count of revocations").map(RevocationNo)?,
                what: revoked_at(row, 1)?,
                at: time_at(row, 3)?,
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let missed = after > last || int(after.0) + 1 < first;
    let next = match items.last() {
        Some(item) => item.no,
        None if missed => last,
        None => after,
    };
    Ok(Revocations { items, next, missed })
}
