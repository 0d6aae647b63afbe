//! Follows one run until it ends, needs somebody, or the user has enough.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::board::Board;
use super::interrupt::Interrupt;
use super::sink::Sink;
use super::standstill::{Need, standstill};
use crate::client::{Call, Client, ClientError, EventStream, JournalEvent, Listed, Query, Received, Run, segment};
use crate::context::Context;
use crate::failure::Failure;

/// A run that says nothing for so long is looked at: it may stand still.
const QUIET: Duration = Duration::from_millis(150);
/// Children speak in journals of their own.
const QUIET_WITH_CHILDREN: Duration = Duration::from_millis(500);
/// How long a message may take to its run.
const PATIENCE: Duration = Duration::from_secs(2);
/// Before a stream that has ended is asked for again.
const PAUSE: Duration = Duration::from_millis(50);
/// Between attempts to get a lost connection back, and how many there are.
const RECONNECT: Duration = Duration::from_secs(1);
const RECONNECTS: u32 = 30;
/// Deeper children than the engine allows do not exist.
const MAX_RUNS: usize = 1_000;

/// How following came to an end.
pub(super) enum Settled {
    Ended(Box<Run>),
    /// Only people can make it go on.
    Needs(Box<Run>, Vec<Need>),
    Interrupted,
}

/// One run, and what is known of it and its children.
pub(crate) struct Follower<'a> {
    pub(super) client: &'a Client,
    pub(super) context: &'a Context,
    pub(super) run: String,
    pub(super) sink: Sink<'a>,
    boards: BTreeMap<String, Board>,
    interrupt: Interrupt,
    /// Somebody has just said something to the run: it hears it in a moment.
    expecting: bool,
}

impl<'a> Follower<'a> {
    pub(crate) fn new(context: &'a Context, client: &'a Client, run: &str) -> Result<Self, Failure> {
        let interrupt = Interrupt::new().map_err(|error| Failure::Other(error.into()))?;
        Ok(Self {
            client,
            context,
            run: run.to_owned(),
            sink: Sink::of(&context.out, context.global.json, context.interactive, context.paint),
            boards: BTreeMap::new(),
            interrupt,
            expecting: false,
        })
    }

    /// Reads what has happened so far without a word.
    pub(crate) async fn catch_up(&mut self) -> Result<(), Failure> {
        let run = self.run.clone();
        Ok(self.read_journal(&run).await?)
    }

    /// A message is on its way to the run: a standstill is believed only when it had time to be heard.
    pub(crate) const fn expect_news(&mut self) {
        self.expecting = true;
    }

    /// The next signal to end. May be dropped while it waits.
    pub(super) async fn interrupted(&mut self) {
        self.interrupt.next().await;
    }

    pub(super) fn begin(&self, run: &Run) {
        self.sink.begin(run);
    }

    /// Tells of events until nothing comes any more, or nothing will without somebody.
    pub(super) async fn until_settled(&mut self) -> Result<Settled, Failure> {
        let mut stream = self.connect().await?;
        let patience = if std::mem::take(&mut self.expecting) {
            PATIENCE
        } else {
            QUIET
        };
        // Until then a run that had ended before the message may begin again.
        let mut believe_at = Instant::now() + patience;
        let mut look_at = believe_at;
        let mut looked = false;
        loop {
            tokio::select! {
                next = stream.next() => match next {
                    Some(Ok(received)) => {
                        self.take(&received)?;
                        believe_at = Instant::now();
                        (looked, look_at) = (false, believe_at + QUIET);
                    }
                    Some(Err(error)) if !error.is_passing() => return Err(error.into()),
                    ended => {
                        match self.read_run().await {
                            Ok(run) if run.status.is_terminal() && ended.is_none()
                                && (patience == QUIET || believe_at <= Instant::now()) => {
                                return Ok(Settled::Ended(Box::new(run)));
                            }
                            _ => {
                                sleep(PAUSE).await;
                                stream = self.connect().await?;
                            }
                        }
                    }
                },
                () = sleep_until(look_at), if !looked => {
                    let (settled, has_children) = self.look().await?;
                    if let Some(settled) = settled {
                        return Ok(settled);
                    }
                    (looked, look_at) = (!has_children, Instant::now() + QUIET_WITH_CHILDREN);
                }
                () = self.interrupt.next() => return Ok(Settled::Interrupted),
            }
            if let Some(board) = self.boards.get(&self.run) {
                self.sink.show(board);
            }
        }
    }

    fn take(&mut self, received: &Received) -> Result<(), Failure> {
        let board = self.boards.entry(self.run.clone()).or_default();
        if received.event.seq > board.seq {
            self.sink.event(board, received)?;
            board.take(&received.event);
        }
        Ok(())
    }

    /// Whether the run stands still for want of people, and whether it has children to look at again.
    async fn look(&mut self) -> Result<(Option<Settled>, bool), Failure> {
        let (mut needs, mut moves, mut has_children) = (Vec::new(), false, false);
        let mut runs = vec![self.run.clone()];
        let mut index = 0;
        while index < runs.len() && runs.len() <= MAX_RUNS {
            let run = runs[index].clone();
            if index > 0 {
                self.read_journal(&run).await?;
            }
            let board = self.boards.entry(run.clone()).or_default();
            if !board.ended {
                let found = standstill(&run, board);
                moves |= found.moves || (found.needs.is_empty() && found.children.is_empty());
                needs.extend(found.needs);
                has_children |= !found.children.is_empty();
                runs.extend(found.children);
            } else if index > 0 {
                // Its parent hears of it in a moment.
                moves = true;
            }
            index += 1;
        }
        if moves || needs.is_empty() {
            return Ok((None, has_children));
        }
        let run = self.read_run().await?;
        if run.status.stands() {
            return Ok((Some(Settled::Needs(Box::new(run), needs)), has_children));
        }
        Ok((None, true))
    }

    async fn connect(&mut self) -> Result<EventStream, Failure> {
        let after = self.boards.get(&self.run).map_or(0, |board| board.seq);
        let mut left = RECONNECTS;
        loop {
            match self.client.events(&self.run, after).await {
                Ok(stream) => return Ok(stream),
                Err(error) if error.is_passing() && left > 0 => {
                    if left == RECONNECTS {
                        self.sink.say(&format!("{error}; trying again"));
                    }
                    left -= 1;
                    tokio::select! {
                        () = sleep(RECONNECT) => {}
                        () = self.interrupt.next() => return Err(error.into()),
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(super) async fn read_run(&self) -> Result<Run, ClientError> {
        self.client
            .call(Call::get(format!("/api/v1/runs/{}", segment(&self.run))))
            .await?
            .view()
    }

    /// Brings the board of a run up to its journal.
    async fn read_journal(&mut self, run: &str) -> Result<(), ClientError> {
        loop {
            let board = self.boards.entry(run.to_owned()).or_default();
            let path = format!("/api/v1/runs/{}/journal", segment(run));
            let query = Query::default()
                .with("cursor", Some(board.seq))
                .with("limit", Some(200));
            let page: Listed<JournalEvent> = self.client.call(Call::get(query.of(&path))).await?.view()?;
            let mut is_new = false;
            for event in &page.items {
                is_new |= board.take(event);
            }
            if !is_new {
                return Ok(());
            }
        }
    }
}
