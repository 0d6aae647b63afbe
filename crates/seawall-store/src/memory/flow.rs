//! Flow control, counted anew at every question: the oracle of stores that keep counters.

use std::sync::Arc;

use crate::error::{StoreError, StoreResult};
use crate::ids::{RunKey, TenantId};
use crate::memory::flow_rows::{FlowRow, LineName, LineRow, Quiet};
use crate::memory::state::State;
use crate::records::{Debounce, FlowEntry, FlowNumbers, FlowStage, MessageKey, OnConflict, flow_order};
use crate::time::Timestamp;

impl State {
    pub(super) fn numbers(&self, line: &LineName) -> FlowNumbers {
        let scope = (line.tenant.clone(), line.scope);
        self.flow_scopes[&scope]
    }

    pub(super) fn count(&self, line: &LineName, stage: FlowStage) -> u32 {
        let rows = self.flow_runs.values();
        let count = rows.filter(|row| row.line == *line && row.stage == stage).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// The free slots do not suffice for those that run or are queued and one more.
    fn conflict(&self, line: &LineName, numbers: FlowNumbers) -> Option<StoreError> {
        let slots = numbers.slots?;
        let running = self.count(line, FlowStage::Running) + self.count(line, FlowStage::Queued);
        (running >= slots).then_some(StoreError::FlowRejected { running, slots })
    }

    /// Refuses a creation from outside that must not wait.
    pub(super) fn may_come_in(&self, tenant: &TenantId, entry: &FlowEntry) -> StoreResult<()> {
        if entry.debounce.is_some() || !matches!(entry.on_conflict, OnConflict::Reject { .. }) {
            return Ok(());
        }
        let kept = self.flow_scopes.get(&(tenant.clone(), entry.scope));
        let numbers = kept.filter(|kept| kept.version > entry.numbers.version);
        let line = line_of(tenant, entry);
        self.conflict(&line, *numbers.unwrap_or(&entry.numbers))
            .map_or(Ok(()), Err)
    }

    /// A run that was just written comes in.
    pub(super) fn come_in(&mut self, tenant: &TenantId, run: RunKey, priority: i8, entry: FlowEntry, now: Timestamp) {
        let line = line_of(tenant, &entry);
        let numbers = self.flow_scopes.entry((tenant.clone(), entry.scope));
        let numbers = numbers.or_insert(entry.numbers);
        if numbers.version <= entry.numbers.version {
            *numbers = entry.numbers;
        }
        let quiet = entry
            .debounce
            .as_ref()
            .map(|debounce| self.supersede_quiet(run, &line, debounce, now));
        let debounced = quiet.is_some();
        self.begin_line(&line);
        let row = FlowRow {
            line,
            stage: FlowStage::Released,
            priority,
            on_conflict: entry.on_conflict,
            admitted: Some(entry.admitted),
            since: now,
            order: 0,
            quiet,
            told: false,
        };
        self.flow_runs.insert(run, row);
        if debounced {
            self.flow_row(run).stage = FlowStage::Debounced;
        } else {
            self.ask(run, now, now);
        }
    }

    /// The one of the same debounce key gives way, and its burst goes on with the new one.
    fn supersede_quiet(&mut self, by: RunKey, line: &LineName, debounce: &Debounce, now: Timestamp) -> Quiet {
        let mut rows = self.flow_runs.iter();
        let before = rows.find_map(|(run, row)| {
            let quiet = row.quiet.as_ref()?;
            let same = row.line.tenant == line.tenant && row.line.scope == line.scope && quiet.key == debounce.key;
            // Of a clock that was set back since: the burst lasts as long as it did then.
            let began = quiet.first_at.saturating_sub(row.since.since(now));
            (same && row.stage == FlowStage::Debounced).then_some((*run, began, quiet.not_before))
        });
        let mut first_at = now;
        if let Some((before, began, not_before)) = before {
            if not_before <= now {
                self.ask(before, not_before, now);
            } else {
                first_at = began;
                self.give_way(before, by, Arc::clone(&debounce.message));
            }
        }
        let latest = first_at.saturating_add(debounce.max_wait);
        Quiet {
            key: debounce.key.clone(),
            first_at,
            not_before: now.saturating_add(debounce.period).min(latest),
        }
    }

    /// The run asks for its admission, as if at `at`.
    fn ask(&mut self, run: RunKey, at: Timestamp, now: Timestamp) {
        let row = self.flow_row(run);
        row.stage = FlowStage::Released;
        row.quiet = None;
        let (line, on_conflict) = (row.line.clone(), row.on_conflict.clone());
        if self.conflict(&line, self.numbers(&line)).is_some() {
            match on_conflict {
                OnConflict::Queue => {}
                OnConflict::Reject { message } => {
                    // It may have been refused before.
                    let key = if self.forget_withheld(run) {
                        format!("rejected:{}", self.runs[&run].record.last_seq)
                    } else {
                        "rejected".to_owned()
                    };
                    self.deliver(run, MessageKey(key), message);
                    return;
                }
                OnConflict::CancelRunning { message } => self.clear_line(&line, run, &message),
            }
        }
        let row = self.flow_row(run);
        row.stage = FlowStage::Queued;
        row.order = flow_order(at, row.priority);
        self.admit(&line, now);
    }

    fn clear_line(&mut self, line: &LineName, by: RunKey, message: &Arc<[u8]>) {
        let queued = self.queue(line).into_iter().take(FlowEntry::MAX_SUPERSEDED as usize);
        for run in queued.collect::<Vec<_>>() {
            // One that has ended and waits for its retry has nothing to give up but that, and nobody waits for it but a parent.
            let is_child = self.runs[&run].record.parent.is_some();
            if self.forget_withheld(run) && !is_child {
                self.flow_row(run).stage = FlowStage::Released;
            } else {
                self.give_way(run, by, Arc::clone(message));
            }
        }
        let running = self.flow_runs.iter();
        let running = running.filter(|(_, row)| row.line == *line && row.stage == FlowStage::Running && !row.told);
        let untold: Vec<RunKey> = running.map(|(run, _)| *run).collect();
        for run in untold {
            self.flow_row(run).told = self.tell_superseded(run, by, Arc::clone(message));
        }
    }

    fn give_way(&mut self, run: RunKey, by: RunKey, message: Arc<[u8]>) {
        let row = self.flow_row(run);
        row.stage = FlowStage::Released;
        row.quiet = None;
        self.tell_superseded(run, by, message);
    }

    fn tell_superseded(&mut self, run: RunKey, by: RunKey, message: Arc<[u8]>) -> bool {
        let (by, last) = (self.runs[&by].record.id, self.runs[&run].record.last_seq);
        self.deliver(run, MessageKey(format!("superseded:{by}:{last}")), message)
    }

    /// In the order in which they are admitted.
    pub(super) fn queue(&self, line: &LineName) -> Vec<RunKey> {
        let rows = self.flow_runs.iter();
        let queued = rows.filter(|(_, row)| row.line == *line && row.stage == FlowStage::Queued);
        let mut queued: Vec<(i64, RunKey)> = queued.map(|(run, row)| (row.order, *run)).collect();
        queued.sort_unstable();
        queued.into_iter().map(|(_, run)| run).collect()
    }

    fn admit(&mut self, line: &LineName, now: Timestamp) {
        let numbers = self.numbers(line);
        let mut next_at = None;
        for (admitted, run) in (0..).zip(self.queue(line)) {
            let running = self.count(line, FlowStage::Running);
            if numbers.slots.is_some_and(|slots| running >= slots) {
                break;
            }
            if admitted == FlowEntry::MAX_ADMITTED {
                next_at = Some(now);
                break;
            }
            let row = self
                .flow_lines
                .get_mut(line)
                .expect("a line is made with its first run");
            if let Some(rate) = numbers.rate {
                match rate.take(row.spent, now) {
                    Ok(spent) => row.spent = spent,
                    Err(at) => {
                        next_at = Some(at);
                        break;
                    }
                }
            }
            self.admit_one(run, now);
        }
        if let Some(row) = self.flow_lines.get_mut(line) {
            row.next_at = next_at;
            row.counted_at = Some(now);
        }
    }

    fn admit_one(&mut self, run: RunKey, now: Timestamp) {
        let row = self.flow_row(run);
        row.stage = FlowStage::Running;
        row.since = now;
        row.told = false;
        match row.admitted.take() {
            Some(body) => {
                self.deliver(run, MessageKey("admitted".to_owned()), body);
            }
            None => self.give_withheld(run),
        }
    }

    /// The run's status has become terminal.
    pub(super) fn leave(&mut self, run: RunKey, now: Timestamp) {
        let Some(row) = self.flow_runs.get_mut(&run) else {
            return;
        };
        if row.stage != FlowStage::Released {
            row.stage = FlowStage::Released;
            row.quiet = None;
            let line = row.line.clone();
            self.admit(&line, now);
        }
    }

    /// The run waits for its new admission no longer. False: it does not wait for one.
    pub(super) fn give_up(&mut self, run: RunKey, now: Timestamp) -> bool {
        let waits = self.forget_withheld(run);
        if waits {
            self.leave(run, now);
        }
        waits
    }

    /// Whether the run needs a new admission.
    pub(super) fn is_released(&self, run: RunKey) -> bool {
        self.flow_runs
            .get(&run)
            .is_some_and(|row| row.stage == FlowStage::Released)
    }

    /// A released run that may not wait is refused.
    pub(super) fn may_come_back(&self, run: RunKey) -> StoreResult<()> {
        let row = &self.flow_runs[&run];
        match row.on_conflict {
            OnConflict::Reject { .. } => self.conflict(&row.line, self.numbers(&row.line)).map_or(Ok(()), Err),
            _ => Ok(()),
        }
    }

    pub(super) fn come_back(&mut self, run: RunKey, now: Timestamp) {
        let row = self.flow_row(run);
        row.since = now;
        // What it never got has lost its meaning: what was withheld begins it.
        row.admitted = None;
        let line = row.line.clone();
        self.begin_line(&line);
        self.ask(run, now, now);
    }

    /// A line in which nothing is counts as a new one.
    fn begin_line(&mut self, line: &LineName) {
        let stages = [FlowStage::Debounced, FlowStage::Queued, FlowStage::Running];
        if stages.iter().all(|stage| self.count(line, *stage) == 0) {
            let number = self.number();
            self.flow_lines.entry(line.clone()).or_default().number = number;
        }
    }

    /// What may begin by now because of the time alone.
    pub(super) fn admit_due(&mut self, now: Timestamp) {
        self.begin_waits_anew(now);
        let rows = self.flow_runs.iter();
        let mut quiet: Vec<(Timestamp, RunKey)> = rows
            .filter(|(_, row)| row.stage == FlowStage::Debounced)
            .filter_map(|(run, row)| Some((row.quiet.as_ref()?.not_before, *run)))
            .filter(|(at, _)| *at <= now)
            .collect();
        quiet.sort_unstable();
        for (at, run) in quiet.into_iter().take(FlowEntry::MAX_ADMITTED as usize) {
            self.ask(run, at, now);
        }
        self.admit_lines(now, |row| row.next_at.filter(|at| *at <= now));
        self.admit_lines(now, |row| row.counted_ahead_of(now));
    }

    /// Waits that were counted from a later clock than now.
    fn begin_waits_anew(&mut self, now: Timestamp) {
        let rows = self.flow_runs.iter();
        let mut waits: Vec<(Timestamp, RunKey)> = rows
            .filter(|(_, row)| row.waits_since_after(now))
            .map(|(run, row)| (row.since, *run))
            .collect();
        waits.sort_unstable();
        for (since, run) in waits.into_iter().take(FlowEntry::MAX_ADMITTED as usize) {
            let (row, ahead) = (self.flow_row(run), since.since(now));
            row.since = now;
            if let Some(quiet) = &mut row.quiet {
                quiet.first_at = quiet.first_at.saturating_sub(ahead);
                quiet.not_before = quiet.not_before.saturating_sub(ahead);
            }
        }
    }

    /// Lines for which there is such a time, earliest first.
    fn admit_lines(&mut self, now: Timestamp, at: impl Fn(&LineRow) -> Option<Timestamp>) {
        let lines = self.flow_lines.iter();
        let mut due: Vec<(Timestamp, i64, LineName)> = lines
            .filter_map(|(line, row)| Some((at(row)?, row.number, line.clone())))
            .collect();
        due.sort_unstable();
        for (_, _, line) in due.into_iter().take(FlowEntry::MAX_ADMITTED as usize) {
            self.admit(&line, now);
        }
    }

    /// When time alone lets a run begin.
    pub(super) fn next_admission(&self, now: Timestamp) -> Option<Timestamp> {
        let rows = self.flow_runs.values();
        let quiet = rows.filter(|row| row.stage == FlowStage::Debounced);
        let quiet = quiet.filter_map(|row| Some(row.quiet.as_ref()?.not_before));
        quiet
            .chain(self.flow_lines.values().filter_map(|row| row.next_at))
            .chain(
                self.flow_lines
                    .values()
                    .filter_map(|row| row.counted_ahead_of(now).and(Some(now))),
            )
            .chain(
                self.flow_runs
                    .values()
                    .filter_map(|row| row.waits_since_after(now).then_some(now)),
            )
            .min()
    }

    fn flow_row(&mut self, run: RunKey) -> &mut FlowRow {
        self.flow_runs.get_mut(&run).expect("the caller has looked the run up")
    }
}

fn line_of(tenant: &TenantId, entry: &FlowEntry) -> LineName {
    LineName {
        tenant: tenant.clone(),
        scope: entry.scope,
        key: entry.key.clone(),
    }
}
