use rusqlite::{Connection, Row};
use seawall_store::{Segment, Seq, StoreError};

use crate::codec::{seq_at, shared};
use crate::error::OpError;

/// A row of first_seq, count, bytes.
pub(crate) fn segment(row: &Row<'_>) -> rusqlite::Result<Segment> {
    let segment = Segment {
        first: seq_at(row, 0)?,
        count: row.get(1)?,
        bytes: shared(row, 2)?,
    };
    // `Segment::last` counts on both.
    if segment.first.0 == 0 || segment.count == 0 {
        return Err(rusqlite::Error::IntegralValueOutOfRange(1, i64::from(segment.count)));
    }
    Ok(segment)
}

/// All segments of a run, checked to reach from 1 to `last` without a hole.
pub(crate) fn whole_journal(conn: &Connection, run_no: i64, last: Seq) -> Result<Vec<Segment>, OpError> {
    let mut statement =
        conn.prepare_cached("SELECT first_seq, count, bytes FROM journal WHERE run_no = ?1 ORDER BY first_seq")?;
    let segments = statement
        .query_map([run_no], segment)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut reached = Seq(0);
    for segment in &segments {
        if segment.first != reached.plus(1) {
            return Err(hole(reached));
        }
        reached = segment.last();
    }
    if reached != last {
        return Err(hole(reached));
    }
    Ok(segments)
}

fn hole(after: Seq) -> OpError {
    OpError::Refused(StoreError::Corrupt {
        detail: format!("a run's journal does not go on after place {after}"),
        source: None,
    })
}
