use std::collections::btree_map::Entry;
use std::sync::Arc;

use crate::error::{StoreError, StoreResult};
use crate::ids::RunKey;
use crate::memory::state::{ApprovalRow, News, State};
use crate::records::{
    Append, AppendThen, Appended, ApprovalOpened, ApprovalRecord, ApprovalSettled, ApprovalStatus, Lease, MessageKey,
    OwnTurn, RunProjection, Segment,
};
use crate::time::Timestamp;

impl State {
    /// The fence, then every part of the append in the order that the role names.
    pub(super) fn append(&mut self, append: Append, now: Timestamp) -> StoreResult<Appended> {
        let lease = append.lease;
        if let Some(segment) = &append.segment
            && let Some(done) = self.repeated(&lease, segment)
        {
            return Ok(done);
        }
        let row = self.held_run(&lease)?;
        let follows = append
            .segment
            .as_ref()
            .is_none_or(|segment| segment.first == append.after.plus(1));
        if row.record.last_seq != append.after || !follows {
            return Err(StoreError::StaleLease);
        }
        let had_ended = row.record.projection.status.is_terminal();
        let progress = append.segment.is_some() && !append.keeps_deaths;
        self.write_events(lease.key, append.segment, append.projection, &append.consumed);
        if let Some(row) = self.runs.get_mut(&lease.key) {
            row.record.reader = row.record.reader.max(append.reader);
            if progress {
                row.record.deaths = 0;
            }
        }
        for opened in append.opened {
            self.open_approval(&lease, opened);
        }
        for settled in append.settled {
            self.settle_approval(&lease, settled);
        }
        for child in append.children {
            if !self.has_run(child.id) {
                self.insert_run(&lease.tenant, child, None, now);
            }
        }
        for message in append.messages {
            if let Ok(receiver) = self.run_by_id(&lease.tenant, message.to) {
                let receiver = receiver.record.key;
                self.deliver(receiver, message.key, message.body);
            } else if let Some((key, body)) = message.unheard {
                self.deliver(lease.key, key, body);
            }
        }
        for task in append.tasks {
            self.offer_task(&lease, task);
        }
        for withdrawn in append.withdrawn {
            self.withdraw_task(&lease, withdrawn, now);
        }
        let done = self.finish(lease.key, append.then);
        if append.turn == OwnTurn::GiveUp {
            self.give_up(lease.key, now);
        }
        let row = &self.runs[&lease.key];
        let ended = row.record.projection.status.is_terminal();
        if ended && (!had_ended || (done.parked && row.withheld.is_empty())) {
            self.leave(lease.key, now);
        }
        if let OwnTurn::Ask { key, body } = append.turn {
            self.ask_anew(lease.key, key, body, now);
        }
        Ok(done)
    }

    /// The run itself asks to go on. If it is refused it is told.
    fn ask_anew(&mut self, run: RunKey, key: MessageKey, body: Arc<[u8]>, now: Timestamp) {
        if !self.is_released(run) {
            // One that waits keeps its place.
            if self.runs[&run].withheld.is_empty() {
                self.deliver(run, key, body);
            }
            return;
        }
        let row = self.runs.get_mut(&run).expect("the fence has found the run");
        if let Entry::Vacant(unknown) = row.known.entry(key.clone()) {
            unknown.insert(None);
            self.withhold(run, key, body);
            self.come_back(run, now);
        }
    }

    /// The answer to an append whose segment the journal has already.
    fn repeated(&self, lease: &Lease, segment: &Segment) -> Option<Appended> {
        let row = self.runs.get(&lease.key)?;
        let is_there = row.record.id == lease.run && row.tenant == lease.tenant && row.segments.contains(segment);
        is_there.then(|| Appended {
            last: segment.last(),
            parked: !row.is_held_by(lease),
        })
    }

    fn write_events(&mut self, run: RunKey, segment: Option<Segment>, projection: RunProjection, consumed: &[i64]) {
        let row = self.runs.get_mut(&run).expect("the fence has found the run");
        row.record.projection = projection;
        if let Some(segment) = segment {
            row.record.last_seq = segment.last();
            row.segments.push(segment);
        }
        row.inbox.retain(|message| !consumed.contains(&message.id));
        let news = News::Progressed(row.record.id, row.progress());
        self.news.push(news);
    }

    fn open_approval(&mut self, lease: &Lease, opened: ApprovalOpened) {
        if self.approval_mut(opened.id).is_some() {
            return;
        }
        let record = ApprovalRecord {
            id: opened.id,
            run: lease.run,
            step: opened.step,
            item: opened.item,
            message: opened.message,
            deciders: opened.deciders,
            status: ApprovalStatus::Pending,
            comment: None,
            decided_by: None,
            requested_at: opened.requested_at,
            expires_at: opened.expires_at,
            decided_at: None,
        };
        let number = self.number();
        let row = ApprovalRow {
            tenant: lease.tenant.clone(),
            record,
            decided: false,
        };
        self.approvals.insert(number, row);
    }

    fn settle_approval(&mut self, lease: &Lease, settled: ApprovalSettled) {
        let Some(row) = self.approval_mut(settled.id) else {
            return;
        };
        if row.record.run == lease.run && row.record.status == ApprovalStatus::Pending {
            row.record.status = settled.status;
            row.record.comment = settled.comment;
            row.record.decided_by = settled.decided_by;
            row.record.decided_at = Some(settled.decided_at);
        }
    }

    fn finish(&mut self, run: RunKey, then: AppendThen) -> Appended {
        let row = self.runs.get_mut(&run).expect("the fence has found the run");
        let due = match then {
            AppendThen::Park { due } if row.inbox.is_empty() => Some(due),
            AppendThen::End => Some(None),
            AppendThen::Hold | AppendThen::Park { .. } => None,
        };
        if let Some(due) = due {
            row.record.holder = None;
            row.record.due = due;
            if due.is_some() {
                self.news.push(News::Work);
            }
        }
        Appended {
            last: row.record.last_seq,
            parked: due.is_some(),
        }
    }
}
