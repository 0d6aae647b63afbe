//! How values that SQLite does not know are written: ids, statuses, lists of names. Reading never trusts what is there.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Row;
use rusqlite::types::{FromSql, Type};
use seawall_store::{
    ApprovalStatus, Awaits, Digest, Epoch, FlowStage, NodeId, QueueName, RunId, RunStatus, Seq, TaskStatus, TenantId,
    Timestamp,
};

/// A stored value that means nothing.
#[derive(Debug, thiserror::Error)]
#[error("a stored {what} means nothing")]
struct Meaningless {
    what: &'static str,
}

fn meaningless(column: usize, what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, Box::new(Meaningless { what }))
}

/// What a checked decoder gave, or the error that says what was there.
pub(crate) fn decoded<T>(column: usize, what: &'static str, value: Option<T>) -> rusqlite::Result<T> {
    value.ok_or_else(|| meaningless(column, what))
}

/// A count as SQLite keeps it. Counts here are far below 2^63.
pub(crate) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) const fn status_code(status: RunStatus) -> i64 {
    match status {
        RunStatus::Queued => 0,
        RunStatus::Running => 1,
        RunStatus::Waiting => 2,
        RunStatus::Paused => 3,
        RunStatus::Blocked => 4,
        RunStatus::Succeeded => 5,
        RunStatus::Failed => 6,
        RunStatus::Cancelled => 7,
    }
}

pub(crate) fn status_at(row: &Row<'_>, column: usize) -> rusqlite::Result<RunStatus> {
    let code: i64 = row.get(column)?;
    let found = RunStatus::ALL.into_iter().find(|status| status_code(*status) == code);
    decoded(column, "run status", found)
}

pub(crate) const fn awaits_code(awaits: Awaits) -> i64 {
    match awaits {
        Awaits::Nobody => 0,
        Awaits::Person => 1,
    }
}

pub(crate) fn awaits_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Awaits> {
    let found = match row.get::<_, i64>(column)? {
        0 => Some(Awaits::Nobody),
        1 => Some(Awaits::Person),
        _ => None,
    };
    decoded(column, "waiting state", found)
}

pub(crate) const fn approval_code(status: ApprovalStatus) -> i64 {
    match status {
        ApprovalStatus::Pending => 0,
        ApprovalStatus::Approved => 1,
        ApprovalStatus::Rejected => 2,
        ApprovalStatus::Expired => 3,
        ApprovalStatus::Cancelled => 4,
    }
}

pub(crate) fn approval_status_at(row: &Row<'_>, column: usize) -> rusqlite::Result<ApprovalStatus> {
    let code: i64 = row.get(column)?;
    let found = ApprovalStatus::ALL
        .into_iter()
        .find(|status| approval_code(*status) == code);
    decoded(column, "approval status", found)
}

pub(crate) fn flow_stage_at(row: &Row<'_>, column: usize) -> rusqlite::Result<FlowStage> {
    let found = match row.get::<_, i64>(column)? {
        0 => Some(FlowStage::Debounced),
        1 => Some(FlowStage::Queued),
        2 => Some(FlowStage::Running),
        3 => Some(FlowStage::Released),
        _ => None,
    };
    decoded(column, "stage of flow control", found)
}

/// As the tasks' indexes and statements write them, too: 0 offered, 1 claimed, 2 settled.
pub(crate) fn task_status_at(row: &Row<'_>, column: usize) -> rusqlite::Result<TaskStatus> {
    let found = match row.get::<_, i64>(column)? {
        0 => Some(TaskStatus::Offered),
        1 => Some(TaskStatus::Claimed),
        2 => Some(TaskStatus::Settled),
        _ => None,
    };
    decoded(column, "task status", found)
}

pub(crate) fn tenant_at(row: &Row<'_>, column: usize) -> rusqlite::Result<TenantId> {
    let text: String = row.get(column)?;
    decoded(column, "tenant", TenantId::new(&text).ok())
}

pub(crate) fn queue_at(row: &Row<'_>, column: usize) -> rusqlite::Result<QueueName> {
    let text: String = row.get(column)?;
    decoded(column, "queue name", QueueName::parse(&text))
}

pub(crate) fn uuid_at(row: &Row<'_>, column: usize) -> rusqlite::Result<uuid::Uuid> {
    Ok(uuid::Uuid::from_bytes(row.get(column)?))
}

pub(crate) fn run_id_at(row: &Row<'_>, column: usize) -> rusqlite::Result<RunId> {
    uuid_at(row, column).map(RunId::from_uuid)
}

pub(crate) fn maybe_run_id_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<RunId>> {
    let bytes: Option<[u8; 16]> = row.get(column)?;
    Ok(bytes.map(|bytes| RunId::from_uuid(uuid::Uuid::from_bytes(bytes))))
}

pub(crate) fn node_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<NodeId>> {
    let bytes: Option<[u8; 16]> = row.get(column)?;
    Ok(bytes.map(|bytes| NodeId::from_uuid(uuid::Uuid::from_bytes(bytes))))
}

pub(crate) fn digest_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Digest> {
    row.get(column).map(Digest::from_bytes)
}

pub(crate) fn count_at(row: &Row<'_>, column: usize, what: &'static str) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    decoded(column, what, u64::try_from(value).ok())
}

pub(crate) fn seq_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Seq> {
    count_at(row, column, "place").map(Seq)
}

pub(crate) fn epoch_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Epoch> {
    count_at(row, column, "epoch").map(Epoch)
}

pub(crate) fn time_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    row.get(column).map(Timestamp::from_millis)
}

pub(crate) fn maybe_time_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    let millis: Option<i64> = row.get(column)?;
    Ok(millis.map(Timestamp::from_millis))
}

/// A duration in whole milliseconds.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn maybe_millis(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::as_millis)
}

pub(crate) fn shared<T: ?Sized>(row: &Row<'_>, column: usize) -> rusqlite::Result<Arc<T>>
where
    Arc<T>: FromSql,
{
    row.get(column)
}

/// Each name with its length before it, so that names may hold any character.
pub(crate) fn names(names: &[String]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for name in names {
        let length = u32::try_from(name.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(name.as_bytes());
    }
    bytes
}

pub(crate) fn names_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    let bytes: Vec<u8> = row.get(column)?;
    decoded(column, "list of names", parse_names(&bytes))
}

fn parse_names(mut bytes: &[u8]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (name, rest) = rest.split_at_checked(length)?;
        names.push(String::from_utf8(name.to_vec()).ok()?);
        bytes = rest;
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_as_they_were_written() {
        for list in [vec![], vec![String::new()], vec!["a\nb".to_owned(), "ü".to_owned()]] {
            assert_eq!(parse_names(&names(&list)), Some(list));
        }
    }

    #[test]
    fn broken_lists_of_names_are_refused() {
        assert_eq!(parse_names(&[0, 0]), None);
        assert_eq!(parse_names(&[0, 0, 0, 9, b'a']), None);
        assert_eq!(parse_names(&[0, 0, 0, 1, 0xff]), None);
    }
}
