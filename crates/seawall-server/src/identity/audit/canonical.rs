//! The bytes of a record that its seal is over. They are for ever: another form is another version.

use super::AuditRecord;

const VERSION: &[u8] = b"seawall/audit/v1";

/// Every field in this order, each behind its length; whether an optional one is there stands before it. Two records have
/// the same bytes only if they are the same.
pub(super) fn bytes(record: &AuditRecord) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    put(&mut out, VERSION);
    put(&mut out, record.tenant.as_str().as_bytes());
    put(&mut out, &record.seq.to_be_bytes());
    put(&mut out, &record.at.as_millis().to_be_bytes());
    for text in [&record.actor, &record.action, &record.details] {
        put(&mut out, text.as_bytes());
    }
    put(&mut out, record.outcome.as_str().as_bytes());
    for text in [&record.object, &record.request_id] {
        match text {
            None => out.push(0),
            Some(text) => {
                out.push(1);
                put(&mut out, text.as_bytes());
            }
        }
    }
    out
}

fn put(out: &mut Vec<u8>, field: &[u8]) {
    out.extend_from_slice(&(field.len() as u64).to_be_bytes());
    out.extend_from_slice(field);
}
