use crate::records::{Cursor, Page, PageOf};

/// Cuts a page out of `rows`, which come newest first, each with its row number.
pub(super) fn cut<T>(rows: impl Iterator<Item = (i64, T)>, page: Page) -> PageOf<T> {
    let limit = page.limit.clamp(1, Page::MAX) as usize;
    let mut rows = rows
        .filter(|(row, _)| page.cursor.is_none_or(|Cursor(after)| *row < after))
        .peekable();
    let mut items = Vec::new();
    let mut last = None;
    while items.len() < limit
        && let Some((row, item)) = rows.next()
    {
        items.push(item);
        last = Some(Cursor(row));
    }
    let next = if rows.peek().is_some() { last } else { None };
    PageOf { items, next }
}
