//! The whole store, run by run.

use seawall_store::{
    InspectStore, InspectedRun, Miscount, RunId, RunKey, RunParts, RunRepair, StoreError, StoreResult, TenantId,
    Timestamp, WorkflowVersion,
};

use super::finding::VerifyFindingKind;
use super::place::Standing;
use super::report::{Found, VerifyReport};
use super::shelf::Shelf;
use super::{approvals, history, kin, place, row, schedules};
use crate::core::{Recorded, RunState};
use crate::executor::Registry;

/// Runs whose rows are read at once.
const PAGE: u32 = 200;
/// What a backend says of itself, at most.
const MAX_INTEGRITY: u32 = 100;

/// Checks everything, and with `repair` mends what follows from journals. `now` is the clock that timers are compared with.
/// What cannot be read is a finding, and the check goes on behind it.
///
/// # Errors
/// The store does not answer at all.
pub async fn verify(
    store: &dyn InspectStore,
    registry: &Registry,
    now: Timestamp,
    repair: bool,
) -> StoreResult<VerifyReport> {
    let mut checking = Checking {
        store,
        shelf: Shelf::new(store, registry),
        now,
        repair,
        report: VerifyReport::default(),
    };
    checking.whole().await?;
    let mut after = None;
    loop {
        let page = match store.inspect_runs(after, PAGE).await {
            Ok(page) => page,
            Err(error) => match checking.behind(after, error).await {
                Some(page) => page,
                None => return Ok(checking.report),
            },
        };
        let Some(last) = page.last() else {
            return Ok(checking.report);
        };
        after = Some(last.key);
        for run in page {
            checking.run(run).await;
        }
    }
}

struct Checking<'a> {
    store: &'a dyn InspectStore,
    shelf: Shelf<'a>,
    now: Timestamp,
    repair: bool,
    report: VerifyReport,
}

/// What is known of a run once it was looked at.
struct Looked {
    found: Vec<Found>,
    /// What mends it. None: its journal does not say.
    mended: Option<RunRepair>,
}

impl Checking<'_> {
    async fn whole(&mut self) -> StoreResult<()> {
        for detail in self.store.integrity(MAX_INTEGRITY).await? {
            self.report
                .add(None, Found::new(VerifyFindingKind::Integrity, detail), false);
        }
        let strays = match self.store.inspect_strays().await {
            Ok(strays) => strays,
            Err(error) => {
                self.unreadable(None, "which rows are of runs that do not exist", &error);
                Vec::new()
            }
        };
        let mut cleared = self.repair && !strays.is_empty();
        if cleared && let Err(error) = self.store.clear_strays().await {
            cleared = false;
            self.unreadable(None, "rows of runs that do not exist (to delete them)", &error);
        }
        for stray in strays {
            let (what, rows) = (stray.what, stray.rows);
            let kept = what == "journal";
            let hint = if kept { "; no repair deletes them" } else { "" };
            let detail = format!("{rows} rows of {what} are of runs that do not exist{hint}");
            let found = Found::new(VerifyFindingKind::Strays, detail);
            self.report.add(None, found, cleared && !kept);
        }
        self.counts().await;
        self.schedules().await;
        Ok(())
    }

    /// After the strays, of which some may have been counted; before the runs, whose repair counts.
    async fn counts(&mut self) {
        let miscounts = match self.store.inspect_counts().await {
            Ok(miscounts) => miscounts,
            Err(error) => return self.unreadable(None, "what is counted", &error),
        };
        let mut mended = self.repair && !miscounts.is_empty();
        if mended && let Err(error) = self.store.recount().await {
            mended = false;
            self.unreadable(None, "what is counted (to count it anew)", &error);
        }
        for Miscount { what, rows } in miscounts {
            let detail = format!("{rows} of the {what} are not what the rows say that they are about");
            let found = Found::new(VerifyFindingKind::Miscounted, detail);
            self.report.add(None, found, mended);
        }
    }

    async fn schedules(&mut self) {
        let mut after = None;
        loop {
            let page = match self.store.inspect_schedules(after, PAGE).await {
                Ok(page) => page,
                Err(error) => return self.unreadable(None, "rows of schedules", &error),
            };
            let Some(last) = page.last() else { return };
            after = Some(last.place);
            for found in page.iter().filter_map(schedules::check) {
                self.report.add(None, found, false);
            }
        }
    }

    /// A finding in place of an answer.
    fn unreadable(&mut self, run: Option<RunId>, what: &str, error: &StoreError) {
        let found = Found::new(VerifyFindingKind::Integrity, format!("{what}: {}", told(error)));
        self.report.add(run, found, false);
    }

    /// The runs after `after` cannot be read: a part of their table is broken. The first ones behind it that can be; None where
    /// there are none.
    async fn behind(&mut self, after: Option<RunKey>, error: StoreError) -> Option<Vec<InspectedRun>> {
        let from = after.map_or(0, |after| after.0);
        // A page of one may end before the broken part.
        if let Ok(page) = self.store.inspect_runs(after, 1).await {
            return Some(page);
        }
        // The nearest place behind which something is read, or nothing is left: first some place, then halfway back to
        // the broken part, until there is no place between.
        let (mut bad, mut found) = (from, None);
        for step in (0..i64::BITS - 1).map(|power| 1_i64 << power) {
            let place = from.saturating_add(step);
            match self.store.inspect_runs(Some(RunKey(place)), 1).await {
                Ok(page) => {
                    found = Some((place, page));
                    break;
                }
                Err(_) => bad = place,
            }
        }
        while let Some((good, _)) = &found
            && good - bad > 1
        {
            let middle = bad + (good - bad) / 2;
            match self.store.inspect_runs(Some(RunKey(middle)), 1).await {
                Ok(page) => found = Some((middle, page)),
                Err(_) => bad = middle,
            }
        }
        let page = found.map(|(_, page)| page).filter(|page| !page.is_empty());
        let until = page.as_ref().and_then(|page| page.first());
        let what = match until {
            Some(next) => format!("rows of runs: those between number {from} and number {}", next.key.0),
            None => format!("rows of runs: those after number {from}"),
        };
        self.unreadable(None, &what, &error);
        page
    }

    async fn run(&mut self, run: InspectedRun) {
        self.report.runs += 1;
        let parts = match self.store.inspect_parts(run.key).await {
            Ok(parts) => parts,
            Err(error) => return self.unreadable(run.id, "what belongs to it", &error),
        };
        self.report.approvals += parts.approvals.len() as u64;
        let Looked { found, mended } = self.look(&run, &parts).await;
        let wanted = found.iter().any(|found| found.kind.is_repairable());
        let repaired = match mended {
            Some(repair) if self.repair && wanted => match self.store.repair_run(repair).await {
                Ok(repaired) => repaired,
                Err(error) => {
                    self.unreadable(run.id, "its row (to write it anew)", &error);
                    false
                }
            },
            _ => false,
        };
        for found in found {
            let repaired = repaired && found.kind.is_repairable();
            self.report.add(run.id, found, repaired);
        }
    }

    async fn look(&mut self, run: &InspectedRun, parts: &RunParts) -> Looked {
        let mut found: Vec<Found> = Vec::new();
        if let Err(trouble) = &run.row {
            found.push(Found::new(VerifyFindingKind::RowUnreadable, trouble));
        }
        let troubles = parts.troubles.iter();
        found.extend(troubles.map(|trouble| Found::new(VerifyFindingKind::PartUnreadable, trouble)));
        let last = run.row.as_ref().ok().map(|record| record.last_seq);
        let events = match history::events(&parts.segments, last) {
            Ok(events) => events,
            Err(wrong) => return given_up(found, wrong),
        };
        self.report.events += events.len() as u64;
        let created = match history::created(&events) {
            Ok(created) => created,
            Err(wrong) => return given_up(found, wrong),
        };
        if let (Ok(record), Some(first)) = (&run.row, events.first()) {
            found.extend(row::identity(record, created, first.at));
        }
        let Some(tenant) = &run.tenant else {
            let wrong = Found::new(VerifyFindingKind::RowUnreadable, "its tenant is not there");
            return given_up(found, wrong);
        };
        let state = match self.replayed(tenant, &created.workflow, &events, &mut found).await {
            Ok(state) => state,
            Err(wrong) => return given_up(found, wrong),
        };
        let standing = place::standing(run, parts, &state);
        let mended = self.held_against(run, parts, (&state, &events, standing), &mut found);
        found.extend(place::check(run, parts, &state, standing));
        match kin::check(self.store, tenant, (run.key, &state), parts).await {
            Ok(wrong) => found.extend(wrong),
            Err(error) => {
                let detail = format!("its parent and its children: {}", told(&error));
                found.push(Found::new(VerifyFindingKind::PartUnreadable, detail));
            }
        }
        Looked { found, mended }
    }

    async fn replayed(
        &mut self,
        tenant: &TenantId,
        workflow: &WorkflowVersion,
        events: &[Recorded],
        found: &mut Vec<Found>,
    ) -> Result<RunState, Found> {
        let definition = self.shelf.of(tenant, workflow).await?;
        history::replay(definition, events, found)
    }

    /// The row and the approvals against the state. Answers what mends them.
    fn held_against(
        &self,
        run: &InspectedRun,
        parts: &RunParts,
        (state, events, standing): (&RunState, &[Recorded], Standing),
        found: &mut Vec<Found>,
    ) -> Option<RunRepair> {
        let unread = !parts.unread.is_empty();
        let wanted = row::wanted_due(state, unread, standing.retried, self.now);
        if let Ok(record) = &run.row {
            found.extend(row::projection(record, state));
            found.extend(row::stranded(record, wanted, self.now));
        }
        if !run.holder_lives {
            let detail = "the node that holds it was declared dead or never lived, and nobody else may take it";
            found.push(Found::new(VerifyFindingKind::HeldByNobody, detail));
        }
        let approvals = approvals::check(state, events, &parts.approvals, found);
        Some(RunRepair {
            run: run.key,
            id: run.id?,
            projection: state.projection(),
            last_seq: state.seq,
            release: !run.holder_lives,
            // An ended run with a message has perhaps been asked to try again. Under flow control that would take a slot.
            due: wanted.or_else(|| (unread && parts.stage.is_none()).then_some(Timestamp::ZERO)),
            readmit: standing.readmit,
            leaves: standing.leaves,
            approvals,
        })
    }
}

/// What the store says, with its cause.
pub(super) fn told(error: &StoreError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error} ({cause})"),
        None => error.to_string(),
    }
}

/// Nothing more can be said of it.
fn given_up(mut found: Vec<Found>, wrong: Found) -> Looked {
    found.push(wrong);
    Looked { found, mended: None }
}
