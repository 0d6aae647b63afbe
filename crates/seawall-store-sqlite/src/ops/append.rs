//! The fenced append, the operation that everything is built around.

use rusqlite::{OptionalExtension as _, params};
use seawall_store::{
    Append, AppendThen, Appended, CrossMessage, Lease, OwnTurn, RunId, RunProgress, Segment, Seq, StoreError,
    Timestamp, Watchers,
};

use crate::codec::{awaits_code, int, maybe_millis, status_code};
use crate::error::OpError;
use crate::failpoints::Point;
use crate::ops::approvals::{open, settle};
use crate::ops::create_run::{insert_unheld, tell_all};
use crate::ops::deliver::{deliver, has_unread, has_withheld, withhold};
use crate::ops::fence::held_at;
use crate::ops::flow::{Asker, Flow};
use crate::ops::offer::{offer, withdraw};
use crate::rows::tenant_no_or_new;
use crate::writer::{Operation, Tx};

pub(crate) struct AppendOp(pub(crate) Append);

/// An append that is durable, and whether by this operation.
pub(crate) struct Done {
    pub(crate) appended: Appended,
    repeated: bool,
    /// Whom flow control has sent a message.
    told: Vec<RunId>,
}

impl Done {
    fn now(last: Seq, parked: bool, told: Vec<RunId>) -> Self {
        Self {
            appended: Appended { last, parked },
            repeated: false,
            told,
        }
    }
}

/// What the statement leaves of the lease.
struct Lasting {
    held: bool,
    due: Option<Timestamp>,
}

impl Operation for AppendOp {
    type Answer = Done;

    fn run(&self, tx: &Tx<'_>) -> Result<Done, OpError> {
        tx.reach(Point::AppendBefore)?;
        let append = &self.0;
        let last = match &append.segment {
            Some(segment) if !follows(segment, append.after) => return Err(StoreError::StaleLease.into()),
            Some(segment) => segment.last(),
            None => append.after,
        };
        if self.is_hot() && self.hot_update(tx, last)? {
            self.write_segment(tx)?;
            let told = self.write_rest(tx)?;
            return Ok(Done::now(last, false, told));
        }
        let held = match held_at(tx.conn(), &append.lease) {
            Ok(held) if held.last == append.after => held,
            Ok(_) => return self.repeated(tx, true),
            Err(OpError::Refused(StoreError::StaleLease)) => return self.repeated(tx, false),
            Err(error) => return Err(error),
        };
        self.write_segment(tx)?;
        let mut told = self.write_rest(tx)?;
        let lasting = self.lasting(tx)?;
        if !self.full_update(tx, last, &lasting)? {
            return Err(StoreError::StaleLease.into());
        }
        if held.counted || append.turn != OwnTurn::Keep {
            told.extend(self.take_turns(tx, held.ended, &lasting)?);
        }
        Ok(Done::now(last, !lasting.held, told))
    }

    fn tell(&self, done: &Done, watchers: &Watchers) {
        // The run may be further by now: a repeat has nothing to tell.
        if done.repeated {
            return;
        }
        let append = &self.0;
        let appended = done.appended;
        let progress = RunProgress {
            seq: appended.last,
            status: append.projection.status,
            awaits: append.projection.awaits,
        };
        watchers.progressed(append.lease.run, progress);
        for child in &append.children {
            let progress = RunProgress {
                seq: child.segment.last(),
                status: child.projection.status,
                awaits: child.projection.awaits,
            };
            watchers.progressed(child.id, progress);
        }
        for message in &append.messages {
            watchers.message(message.to);
        }
        for task in &append.tasks {
            watchers.offered(&append.lease.tenant, &task.queue, 1);
        }
        for withdrawn in &append.withdrawn {
            watchers.message(withdrawn.message.to);
        }
        if !append.withdrawn.is_empty() {
            watchers.lapses();
        }
        let timer = matches!(append.then, AppendThen::Park { due: Some(_) }) && appended.parked;
        if timer || !append.children.is_empty() {
            watchers.work();
        }
        tell_all(&done.told, watchers);
    }

    fn payload(&self) -> usize {
        let append = &self.0;
        let segment = append.segment.as_ref().map_or(0, |segment| segment.bytes.len());
        let children: usize = append
            .children
            .iter()
            .map(|child| child.segment.bytes.len() + 512)
            .sum();
        let unheard = |message: &CrossMessage| message.unheard.as_ref().map_or(0, |(_, body)| body.len() + 256);
        let messages: usize = append
            .messages
            .iter()
            .map(|message| message.body.len() + unheard(message) + 256)
            .sum();
        let opened: usize = append.opened.iter().map(|opened| opened.message.len() + 512).sum();
        let tasks: usize = append.tasks.iter().map(|task| task.payload.len() + 1024).sum();
        let withdrawn: usize = append
            .withdrawn
            .iter()
            .map(|withdrawn| withdrawn.message.body.len() + withdrawn.lost.len() + 256)
            .sum();
        let small = 256 * append.settled.len() + 8 * append.consumed.len();
        let turn = match &append.turn {
            OwnTurn::Ask { body, .. } => body.len() + 256,
            OwnTurn::Keep | OwnTurn::GiveUp => 0,
        };
        turn + segment + children + messages + opened + tasks + withdrawn + small
    }
}

impl AppendOp {
    /// The run stays held, and beside events and projection only messages are consumed and tasks offered: what runs do all
    /// the time. One update is their fence and their projection. Not an end, which flow control may have to hear of.
    fn is_hot(&self) -> bool {
        let append = &self.0;
        append.then == AppendThen::Hold
            && !append.projection.status.is_terminal()
            && append.opened.is_empty()
            && append.settled.is_empty()
            && append.children.is_empty()
            && append.messages.is_empty()
            && append.withdrawn.is_empty()
            && append.turn == OwnTurn::Keep
    }

    /// False: the fence does not hold, or the status changes, or somebody had died, or a later reader is needed.
    fn hot_update(&self, tx: &Tx<'_>, last: Seq) -> rusqlite::Result<bool> {
        let Append {
            lease,
            projection,
            after,
            reader,
            ..
        } = &self.0;
        let changed = tx.statement(include_str!("../sql/append_hot.sql"))?.execute(params![
            int(last.0),
            awaits_code(projection.awaits),
            projection.total_steps,
            projection.completed_steps,
            maybe_millis(projection.started_at),
            maybe_millis(projection.finished_at),
            projection.error_code,
            lease.key.0,
            lease.node.uuid().as_bytes(),
            int(lease.epoch.0),
            int(after.0),
            lease.run.uuid().as_bytes(),
            status_code(projection.status),
            reader,
            projection.error_step,
            projection.error_message,
        ])?;
        Ok(changed == 1)
    }

    fn full_update(&self, tx: &Tx<'_>, last: Seq, lasting: &Lasting) -> rusqlite::Result<bool> {
        let Append {
            lease,
            projection,
            after,
            segment,
            keeps_deaths,
            reader,
            ..
        } = &self.0;
        let changed = tx.statement(include_str!("../sql/append_full.sql"))?.execute(params![
            int(last.0),
            awaits_code(projection.awaits),
            projection.total_steps,
            projection.completed_steps,
            maybe_millis(projection.started_at),
            maybe_millis(projection.finished_at),
            projection.error_code,
            lease.key.0,
            lease.node.uuid().as_bytes(),
            int(lease.epoch.0),
            int(after.0),
            lease.run.uuid().as_bytes(),
            status_code(projection.status),
            segment.is_some() && !keeps_deaths,
            lasting.held,
            maybe_millis(lasting.due),
            reader,
            projection.error_step,
            projection.error_message,
        ])?;
        Ok(changed == 1)
    }

    fn write_segment(&self, tx: &Tx<'_>) -> rusqlite::Result<()> {
        match &self.0.segment {
            Some(segment) => tx.add_segment(self.0.lease.key.0, segment),
            None => Ok(()),
        }
    }

    /// Answers whom flow control has told something.
    fn write_rest(&self, tx: &Tx<'_>) -> Result<Vec<RunId>, OpError> {
        let mut told = Vec::new();
        let append = &self.0;
        let run_no = append.lease.key.0;
        for inbox_no in &append.consumed {
            tx.statement("UPDATE inbox SET unread = 0, body = x'' WHERE inbox_no = ?1 AND run_no = ?2 AND unread = 1")?
                .execute([*inbox_no, run_no])?;
        }
        if append.opened.is_empty()
            && append.children.is_empty()
            && append.messages.is_empty()
            && append.tasks.is_empty()
            && append.withdrawn.is_empty()
        {
            settle(tx, run_no, &append.settled)?;
            return Ok(told);
        }
        let tenant_no = tenant_no_or_new(tx.conn(), &append.lease.tenant)?;
        open(tx, tenant_no, run_no, &append.opened)?;
        settle(tx, run_no, &append.settled)?;
        for child in &append.children {
            told.extend(insert_unheld(tx, tenant_no, child)?);
        }
        for message in &append.messages {
            if !send(tx, tenant_no, message)?
                && let Some((key, body)) = &message.unheard
                && deliver(tx, run_no, key, body)?
            {
                told.push(append.lease.run);
            }
        }
        for task in &append.tasks {
            offer(tx, tenant_no, run_no, task)?;
        }
        for withdrawn in &append.withdrawn {
            if let Some(message) = withdraw(tx, run_no, withdrawn)? {
                send(tx, tenant_no, &message)?;
            }
        }
        Ok(told)
    }

    fn lasting(&self, tx: &Tx<'_>) -> rusqlite::Result<Lasting> {
        let held = match self.0.then {
            AppendThen::Hold => true,
            AppendThen::Park { .. } => has_unread(tx, self.0.lease.key.0)?,
            AppendThen::End => false,
        };
        let due = match self.0.then {
            AppendThen::Park { due } if !held => due,
            _ => None,
        };
        Ok(Lasting { held, due })
    }

    /// What becomes of the run's place in flow control, after the rest. Answers whom flow control has told something.
    fn take_turns(&self, tx: &Tx<'_>, had_ended: bool, lasting: &Lasting) -> Result<Vec<RunId>, OpError> {
        let Lease { key, run, .. } = self.0.lease;
        let mut flow = Flow::new(tx);
        let mut moved = self.0.turn == OwnTurn::GiveUp && flow.give_up(key.0)?;
        if flow.is_counted(key.0)? && self.leaves(tx, had_ended, lasting)? {
            flow.leave(key.0)?;
            moved = true;
        }
        if let OwnTurn::Ask { key: message, body } = &self.0.turn {
            if !flow.is_released(key.0)? {
                // One that waits keeps its place.
                if !has_withheld(tx, key.0)? {
                    deliver(tx, key.0, message, body)?;
                }
            } else if withhold(tx, key.0, message, body)? {
                flow.come_back(key.0, run, Asker::Inside)?;
            }
            moved = true;
        }
        // A timed admission may have become due, or another one.
        flow.told.extend(moved.then_some(run));
        Ok(flow.told)
    }

    /// Whether the run gives up its place in flow control: when it ends, and when it is given back after it has ended, unless
    /// it waits for its retry, or that has been admitted and is about to be read.
    fn leaves(&self, tx: &Tx<'_>, had_ended: bool, lasting: &Lasting) -> rusqlite::Result<bool> {
        if !self.0.projection.status.is_terminal() {
            return Ok(false);
        }
        Ok(!had_ended || (!lasting.held && !has_withheld(tx, self.0.lease.key.0)?))
    }

    /// The fence does not hold. Perhaps because this very append did it.
    fn repeated(&self, tx: &Tx<'_>, held: bool) -> Result<Done, OpError> {
        let Append { lease, segment, .. } = &self.0;
        match segment {
            Some(segment) if is_stored(tx, lease, segment)? => Ok(Done {
                appended: Appended {
                    last: segment.last(),
                    parked: !held,
                },
                repeated: true,
                told: Vec::new(),
            }),
            _ => Err(StoreError::StaleLease.into()),
        }
    }
}

/// Whether the segment is one that can stand after this place. No run comes near the end of numbers.
fn follows(segment: &Segment, after: Seq) -> bool {
    after.0 < u64::from(u32::MAX) << 16 && segment.first == after.plus(1) && segment.count > 0
}

/// Asks for the id too: the number of a run that was forgotten may be another run's by now.
fn is_stored(tx: &Tx<'_>, lease: &Lease, segment: &Segment) -> rusqlite::Result<bool> {
    tx.statement(
        "SELECT j.count = ?3 AND j.bytes = ?4 FROM journal j CROSS JOIN runs r ON r.run_no = j.run_no
         WHERE j.run_no = ?1 AND j.first_seq = ?2 AND r.id = ?5",
    )?
    .query_row(
        params![
            lease.key.0,
            int(segment.first.0),
            segment.count,
            segment.bytes,
            lease.run.uuid().as_bytes()
        ],
        |row| row.get(0),
    )
    .optional()
    .map(|same| same == Some(true))
}

/// False: there is no receiver.
fn send(tx: &Tx<'_>, tenant_no: i64, message: &CrossMessage) -> rusqlite::Result<bool> {
    let receiver: Option<i64> = tx
        .statement("SELECT run_no FROM runs WHERE id = ?1 AND tenant_no = ?2")?
        .query_row(params![message.to.uuid().as_bytes(), tenant_no], |row| row.get(0))
        .optional()?;
    if let Some(run_no) = receiver {
        deliver(tx, run_no, &message.key, &message.body)?;
    }
    Ok(receiver.is_some())
}
