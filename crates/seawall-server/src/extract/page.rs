use seawall_guard::problem::Pointer;
use seawall_store::{Cursor, Page};

use crate::error::{ApiError, ApiResult};

const DEFAULT_LIMIT: u32 = 50;

/// The page that the query asks for.
pub(crate) fn page(limit: Option<u32>, cursor: Option<&str>) -> ApiResult<Page> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=Page::MAX).contains(&limit) {
        let pointer = Pointer::root().key("limit");
        return Err(ApiError::invalid(
            &pointer,
            "out-of-range",
            "expected a number from 1 to 200",
        ));
    }
    let cursor = cursor.map(str::parse::<Cursor>).transpose().map_err(|_| {
        let pointer = Pointer::root().key("cursor");
        ApiError::invalid(
            &pointer,
            "invalid-value",
            "expected the next_cursor of an earlier answer",
        )
    })?;
    Ok(Page { limit, cursor })
}
