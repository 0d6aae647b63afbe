//! Lists: part of one, asked for and printed.

use serde::de::DeserializeOwned;

use super::Done;
use crate::client::{Call, Listed, Query};
use crate::compose::Work;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::Table;

/// Which part of a list.
#[derive(clap::Args, Debug)]
pub(super) struct Part {
    /// How many
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: Option<u32>,
    /// Where the last page ended
    #[arg(long)]
    cursor: Option<String>,
}

impl Part {
    /// The query for this part of what it asks for.
    pub(super) fn of(&self, query: Query) -> Query {
        query.with("limit", self.limit).with("cursor", self.cursor.as_ref())
    }
}

/// Asks for part of a list and prints it: for programs as it came, for people a row for each item.
pub(super) async fn list<T: DeserializeOwned, const N: usize>(
    context: &Context,
    path: String,
    head: [&str; N],
    row: impl Fn(T) -> [String; N],
) -> Done {
    let answer = context.ask(Work::Look, Call::get(path)).await?;
    if context.global.json {
        context.out.json(&answer.value)?;
        return Ok(Exit::Done);
    }
    let page: Listed<T> = answer.view()?;
    let mut table = Table::new(&head);
    for item in page.items {
        table.row(row(item));
    }
    context.out.line(&table.text())?;
    context.out.more(page.next_cursor.as_deref())?;
    Ok(Exit::Done)
}
