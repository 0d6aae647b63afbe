//! Pages of lists: one row more than asked for tells whether there is a next page.

use rusqlite::{Connection, Params, Row};
use seawall_store::{Cursor, Page, PageOf};

/// How many rows to ask for.
pub(super) fn wanted(page: Page) -> i64 {
    i64::from(limit(page)) + 1
}

/// Rows below this number.
pub(super) fn below(page: Page) -> i64 {
    page.cursor.map_or(i64::MAX, |cursor| cursor.0)
}

fn limit(page: Page) -> u32 {
    page.limit.clamp(1, Page::MAX)
}

/// Runs the query; `map` gives each row's number and record.
pub(super) fn list<T>(
    conn: &Connection,
    sql: &'static str,
    params: impl Params,
    page: Page,
    map: impl FnMut(&Row<'_>) -> rusqlite::Result<(i64, T)>,
) -> rusqlite::Result<PageOf<T>> {
    let rows = conn
        .prepare_cached(sql)?
        .query_map(params, map)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(cut(rows, page))
}

/// The page, of as many numbered rows as were wanted.
pub(super) fn cut<T>(mut rows: Vec<(i64, T)>, page: Page) -> PageOf<T> {
    let limit = limit(page) as usize;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = if more {
        rows.last().map(|row| Cursor(row.0))
    } else {
        None
    };
    let items = rows.into_iter().map(|row| row.1).collect();
    PageOf { items, next }
}
