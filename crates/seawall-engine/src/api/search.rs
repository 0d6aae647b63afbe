//! Searching runs: by what their rows say, and by what was in their input.
//!
//! Inputs are not indexed. A search looks at the first events of the runs that fit otherwise, so many a request at most;
//! where it stops, its cursor goes on.

use seawall_store::{Cursor, Page, PageOf, RunFilter, RunRecord};
use serde_json::Value;

use crate::api::engine::{Result, refused};
use crate::api::read::RUN;
use crate::api::view::list_view;
use crate::api::{Engine, Principal, RunView};
use crate::journal::decode_input;

/// Runs whose inputs are looked at by one request.
const MAX_SCANNED: usize = 2000;
/// Bytes of first segments that are in memory together.
const CHUNK_BYTES: usize = 8 * 1024 * 1024;
/// The same, read by one request.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// A value that must stand in a run's input.
#[derive(Clone, PartialEq, Debug)]
pub struct InputMatch {
    /// Names of fields, or places in lists, from the outside in.
    pub path: Vec<String>,
    /// Any of these scalars.
    pub any_of: Vec<Value>,
}

impl InputMatch {
    /// So many may be asked for at once.
    pub const MOST: usize = 5;
    /// Levels of a path.
    pub const MAX_LEVELS: usize = 16;

    fn fits(&self, input: &Value) -> bool {
        let mut value = input;
        for name in &self.path {
            let inner = match value {
                Value::Object(fields) => fields.get(name),
                Value::Array(items) => name.parse::<usize>().ok().and_then(|place| items.get(place)),
                _ => None,
            };
            let Some(inner) = inner else { return false };
            value = inner;
        }
        self.any_of.iter().any(|wanted| is_same(value, wanted))
    }
}

/// `1` and `1.0` are the same number.
fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || (left.is_f64() != right.is_f64() && left.as_f64() == right.as_f64())
        }
        _ => left == right,
    }
}

/// Which runs.
#[derive(Clone, Debug, Default)]
pub struct RunSearch {
    pub filter: RunFilter,
    /// All of them, at most [`InputMatch::MOST`].
    pub input: Vec<InputMatch>,
}

/// The rows of what was found, and where to go on.
pub(super) struct Found {
    pub(super) records: Vec<RunRecord>,
    pub(super) next: Option<Cursor>,
}

impl Engine {
    /// Newest first, without inputs, outputs and steps. With `search.input`, a page may be short, or empty, although
    /// `next` says that there is more to look at.
    ///
    /// # Errors
    /// `Store`.
    pub async fn search_runs(&self, by: &Principal, search: &RunSearch, page: Page) -> Result<PageOf<RunView>> {
        let found = self.find_runs(by, search, page.limit, page.cursor).await?;
        Ok(PageOf {
            items: found.records.iter().map(list_view).collect(),
            next: found.next,
        })
    }

    /// At most `limit` runs, whatever a page may hold.
    pub(super) async fn find_runs(
        &self,
        by: &Principal,
        search: &RunSearch,
        limit: u32,
        cursor: Option<Cursor>,
    ) -> Result<Found> {
        let limit = limit as usize;
        let mut scan = Scan::default();
        let mut cursor = cursor;
        loop {
            let wanted = if search.input.is_empty() {
                limit - scan.records.len()
            } else {
                Page::MAX as usize
            };
            let page = Page {
                limit: u32::try_from(wanted).unwrap_or(Page::MAX).clamp(1, Page::MAX),
                cursor,
            };
            let listed = self
                .shared()
                .store
                .list_runs(&by.tenant, search.filter.clone(), page)
                .await;
            let listed = listed.map_err(refused(RUN))?;
            let stopped = if search.input.is_empty() {
                scan.records.extend(listed.items);
                None
            } else {
                self.scan(by, search, limit, (&mut scan, &listed)).await?
            };
            cursor = stopped.or(listed.next);
            if stopped.is_some() || cursor.is_none() || scan.is_done(limit) {
                return Ok(Found {
                    records: scan.records,
                    next: cursor,
                });
            }
        }
    }

    /// Looks at the inputs of one page of rows. Answers where it stopped before the page's end.
    async fn scan(
        &self,
        by: &Principal,
        search: &RunSearch,
        limit: usize,
        (scan, listed): (&mut Scan, &PageOf<RunRecord>),
    ) -> Result<Option<Cursor>> {
        let mut rest = &listed.items[..];
        while !rest.is_empty() {
            let ids: Vec<_> = rest.iter().map(|record| record.id).collect();
            let store = &self.shared().store;
            let births = store.first_segments(&by.tenant, &ids, CHUNK_BYTES).await;
            let births = births.map_err(refused(RUN))?;
            if births.is_empty() {
                // All that is left was deleted meanwhile.
                return Ok(None);
            }
            for (run, segment) in births {
                // Those before it that have no segment were deleted meanwhile.
                let Some(at) = rest.iter().position(|record| record.id == run) else {
                    continue;
                };
                let record = &rest[at];
                rest = &rest[at + 1..];
                scan.looked += 1;
                scan.bytes += segment.bytes.len();
                let input = decode_input(&segment);
                if input.is_some_and(|input| search.input.iter().all(|wanted| wanted.fits(input.json()))) {
                    scan.records.push(record.clone());
                }
                if scan.is_done(limit) {
                    let more = !rest.is_empty() || listed.next.is_some();
                    return Ok(more.then_some(Cursor(record.key.0)));
                }
            }
        }
        Ok(None)
    }
}

#[derive(Default)]
struct Scan {
    records: Vec<RunRecord>,
    looked: usize,
    bytes: usize,
}

impl Scan {
    fn is_done(&self, limit: usize) -> bool {
        self.records.len() >= limit || self.looked >= MAX_SCANNED || self.bytes >= MAX_BYTES
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wanted(path: &str, any_of: Value) -> InputMatch {
        InputMatch {
            path: path.split('.').map(str::to_owned).collect(),
            any_of: vec![any_of],
        }
    }

    #[test]
    fn a_value_is_found_by_its_path_and_compared_as_a_scalar() {
        let input = json!({"customer": {"id": 42, "tags": ["a", "b"], "vip": true, "none": null}, "42": 1.0});
        for (path, value, fits) in [
            ("customer.id", json!(42), true),
            ("customer.id", json!(42.0), true),
            ("customer.id", json!("42"), false),
            ("customer.tags.1", json!("b"), true),
            ("customer.tags.2", json!("b"), false),
            ("customer.tags", json!("a"), false),
            ("customer.vip", json!(true), true),
            ("customer.none", json!(null), true),
            ("customer.other", json!(null), false),
            ("customer.id.more", json!(42), false),
            ("42", json!(1), true),
        ] {
            assert_eq!(wanted(path, value.clone()).fits(&input), fits, "{path} {value}");
        }
        assert!(!wanted("a", json!(9_007_199_254_740_993_u64)).fits(&json!({"a": 9_007_199_254_740_992_u64})));
    }
}
