use seawall_store::PageOf;
use serde::Serialize;
use utoipa::ToSchema;

/// Part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    pub(crate) items: Vec<T>,
    /// For `?cursor=`; null on the last page.
    pub(crate) next_cursor: Option<String>,
}

impl<T> List<T> {
    pub(crate) fn of<R>(page: PageOf<R>, to_wire: impl FnMut(R) -> T) -> Self {
        Self {
            items: page.items.into_iter().map(to_wire).collect(),
            next_cursor: page.next.map(|cursor| cursor.to_string()),
        }
    }
}
