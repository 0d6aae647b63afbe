use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, stream};
use http::HeaderMap;
use seawall_engine::{JournalItem, Principal};
use seawall_guard::problem::{Path, Problem, Query, kinds};
use seawall_store::{RunId, RunWatch, Seq};

use crate::error::{ApiError, ApiResult};
use crate::extract::Id;
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::{EventsQuery, JournalEntry};

/// Events read at once: what one slow client holds in memory.
const BATCH: usize = 64;
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Follow a run
///
/// Its journal as server-sent events: `id` is the event's number, `event` its type, `data` the journal's item. Ends with
/// the run, and when the key or the session ends that it was asked for with.
#[utoipa::path(get, path = "/api/v1/runs/{run_id}/events", tag = "runs", operation_id = "run_events",
    security(("scope" = ["runs:read"])),
    params(("run_id" = String, Path, description = "`run_…`"), EventsQuery,
        ("Last-Event-ID" = Option<String>, Header, description = "Resumes after this event")),
    responses((status = 200, description = "The events", body = String, content_type = "text/event-stream")),
    extensions(("x-problems" = json!(["bad-request"]))))]
pub(crate) async fn events(
    State(state): State<AppState>,
    by: Scoped<needs::RunsRead>,
    Path(Id(run)): Path<Id<RunId>>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let after = match headers.get("last-event-id") {
        Some(value) => seq(value.as_bytes())?,
        None => Seq(query.after.unwrap_or(0)),
    };
    let over = state.authenticator().clone().until_over(by.principal().clone());
    // Registered before the first read: what happens in between is not missed.
    let watch = state.engine().watch(run);
    let mut feed = Feed {
        state,
        by: by.engine().clone(),
        run,
        watch,
        over: over.boxed(),
        after,
        read: VecDeque::new(),
        full: false,
        ended: false,
    };
    feed.fill().await?;
    let stream = stream::unfold(feed, Feed::next);
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(stream).keep_alive(keep_alive).into_response())
}

fn seq(text: &[u8]) -> Result<Seq, Problem> {
    let number = std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok());
    number
        .map(Seq)
        .ok_or_else(|| Problem::new(&kinds::BAD_REQUEST).with_detail("Last-Event-ID is not a number."))
}

/// One client's place in a journal.
struct Feed {
    state: AppState,
    by: Principal,
    run: RunId,
    watch: RunWatch,
    /// The credentials hold no more.
    over: BoxFuture<'static, ()>,
    /// The last event that was read.
    after: Seq,
    read: VecDeque<JournalItem>,
    /// There was more than the last read took.
    full: bool,
    /// The last read saw the run's end.
    ended: bool,
}

impl Feed {
    async fn fill(&mut self) -> Result<(), ApiError> {
        let engine = self.state.engine();
        let part = engine.journal(&self.by, self.run, self.after, BATCH).await?;
        self.full = part.more;
        self.ended = part.ended;
        if let Some(last) = part.items.last() {
            self.after = last.seq;
        }
        self.read.extend(part.items);
        Ok(())
    }

    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(item) = self.read.pop_front() {
                return event(item).map(|event| (Ok(event), self));
            }
            if self.ended {
                return None;
            }
            tokio::select! {
                // Also of a stream that always has more.
                biased;
                () = self.state.draining().cancelled() => return None,
                () = &mut self.over => return None,
                () = std::future::ready(()), if self.full => {}
                _ = self.watch.progressed(), if !self.full => {}
            }
            // The client comes back with Last-Event-ID and is told then what is wrong; it is logged already.
            self.fill().await.ok()?;
        }
    }
}

fn event(item: JournalItem) -> Option<Event> {
    let entry = JournalEntry::from(item);
    let event = Event::default().id(entry.seq.to_string()).event(entry.kind);
    match event.json_data(&entry) {
        Ok(event) => Some(event),
        Err(error) => {
            tracing::error!(error = %error, "an event cannot be written");
            None
        }
    }
}
