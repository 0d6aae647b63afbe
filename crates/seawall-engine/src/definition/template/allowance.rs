//! What one evaluation may build and look at. Fuel counts instructions; this counts bytes.

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, State, Value};

/// Bytes that one expression may build, copy or compare: a few times the largest aggregate (16 MiB).
const TOTAL: usize = 64 * 1024 * 1024;

/// What a list entry costs beside its content.
pub(super) const ENTRY: usize = 32;

#[derive(Debug)]
struct Allowance {
    left: usize,
}

/// Takes `bytes` from the evaluation's allowance.
pub(super) fn charge(state: &mut State<'_, '_>, bytes: usize) -> Result<(), Error> {
    let allowance = state.get_or_insert_extension_with(|| Allowance { left: TOTAL });
    match allowance.left.checked_sub(bytes) {
        Some(left) => {
            allowance.left = left;
            Ok(())
        }
        None => {
            allowance.left = 0;
            Err(Error::new(
                ErrorKind::OutOfFuel,
                "the expression builds or compares more than 64 MiB",
            ))
        }
    }
}

/// What it costs to hand this value on: its own length, not what lies below.
pub(super) fn charge_shallow(state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    charge(state, shallow(value))
}

/// What it costs to look at all of this value.
pub(super) fn charge_deep(state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    charge_shallow(state, value)?;
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => {
            for item in value.try_iter()? {
                charge_deep(state, &item)?;
            }
        }
        ValueKind::Map => {
            for key in value.try_iter()? {
                let entry = value.get_item(&key)?;
                charge_shallow(state, &key)?;
                charge_deep(state, &entry)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn shallow(value: &Value) -> usize {
    match value.kind() {
        ValueKind::String | ValueKind::Bytes => {
            value
                .as_str()
                .map_or_else(|| value.as_bytes().map_or(0, <[u8]>::len), str::len)
                + ENTRY
        }
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => {
            value.len().unwrap_or(0).saturating_add(1).saturating_mul(ENTRY)
        }
        _ => ENTRY,
    }
}
