//! Flow control as it can be seen: the lines of a workflow, and why a run has not begun.

use seawall_store::{
    FlowLine, FlowPlace, FlowStage, Page, PageOf, Rate, RunId, RunRecord, RunStatus, Timestamp, WorkflowRecord,
    WorkflowRef,
};

use crate::api::engine::{Result, refused};
use crate::api::view_journal::rfc3339;
use crate::api::{Engine, Principal, Reason};
use crate::core::{Phase, RunState};
use crate::names::Part;

/// Parents of parents that are looked at.
const MAX_DEPTH: usize = 16;

impl Engine {
    /// The workflow's latest version, and what of its runs goes on and waits.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub async fn flow(
        &self,
        by: &Principal,
        target: &WorkflowRef,
        page: Page,
    ) -> Result<(WorkflowRecord, PageOf<FlowLine>)> {
        let record = self.workflow(by, target).await?;
        let lines = self.shared().store.list_flow(&by.tenant, record.id, page).await;
        Ok((record, lines.map_err(refused("workflow"))?))
    }

    /// What flow control lets the run wait for; None if it does not wait for that.
    pub(super) async fn why_held_back(
        &self,
        by: &Principal,
        record: &RunRecord,
        state: &RunState,
    ) -> Result<Option<Reason>> {
        // Of ended runs only a retried one waits.
        let retried = matches!(record.projection.status, RunStatus::Failed | RunStatus::Cancelled);
        let gated = state.gated && state.phase == Phase::Queued;
        if !retried && !gated {
            return Ok(None);
        }
        let Some(place) = self.flow_place(by, record.id).await? else {
            return Ok(None);
        };
        let Some(mut reason) = waiting(&place) else {
            return Ok(None);
        };
        if retried {
            reason.detail = format!("its retry {}", reason.detail);
        }
        if let Some(ancestor) = self.blocking_ancestor(by, record, &place).await? {
            reason.detail = format!(
                "{}. The run {ancestor} above it has one of them and waits for this run: neither goes on before one of \
                 them is cancelled or the limit is raised",
                reason.detail
            );
        }
        Ok(Some(reason))
    }

    pub(super) async fn flow_place(&self, by: &Principal, run: RunId) -> Result<Option<FlowPlace>> {
        let place = self.shared().store.flow_place(&by.tenant, run).await;
        place.map_err(refused("run"))
    }

    /// A run above this one that has a slot of the same line.
    async fn blocking_ancestor(&self, by: &Principal, record: &RunRecord, place: &FlowPlace) -> Result<Option<RunId>> {
        let mut parent = record.parent.as_ref().map(|link| link.run);
        for _ in 0..MAX_DEPTH {
            let Some(run) = parent else { return Ok(None) };
            let above = self.flow_place(by, run).await?;
            let holds = above.is_some_and(|above| {
                above.stage == FlowStage::Running && above.scope == place.scope && above.key == place.key
            });
            if holds && place.line.slots.is_some() {
                return Ok(Some(run));
            }
            parent = self.record(by, run).await?.parent.map(|link| link.run);
        }
        Ok(None)
    }
}

fn waiting(place: &FlowPlace) -> Option<Reason> {
    let of_key = place
        .key
        .as_ref()
        .map_or(String::new(), |key| format!(" of key {key:?}"));
    let line = &place.line;
    let (kind, until, detail) = match place.stage {
        FlowStage::Debounced => {
            let until = place.not_before;
            let at = until.map_or(String::new(), rfc3339);
            (
                "debounce",
                until,
                format!("is debounced until {at}; a newer run takes its place"),
            )
        }
        FlowStage::Queued => {
            let number = if place.ahead >= FlowPlace::MAX_AHEAD {
                format!("more than {} runs are before it", FlowPlace::MAX_AHEAD)
            } else {
                format!("it is number {} of {}", place.ahead + 1, line.queued)
            };
            match (line.next_at, line.slots) {
                (Some(next), _) => {
                    let own = turn(place, next);
                    let then = own
                        .filter(|own| *own > next)
                        .map(|own| format!(", its own not before {}", rfc3339(own)));
                    let detail = format!(
                        "waits for the rate{of_key}: the next start is at {}; {number}{}",
                        rfc3339(next),
                        then.unwrap_or_default()
                    );
                    ("rate", own, detail)
                }
                (None, Some(slots)) => {
                    let detail = format!(
                        "waits for one of {slots} slots{of_key}: {} running; {number}{}",
                        line.running,
                        standing_holders(&place.holders)
                    );
                    ("concurrency", None, detail)
                }
                (None, None) => (
                    "concurrency",
                    None,
                    format!("waits for its admission{of_key}; {number}"),
                ),
            }
        }
        FlowStage::Running | FlowStage::Released => return None,
    };
    Some(Reason {
        kind,
        step: None,
        item: None,
        part: Part::Main,
        until,
        detail,
    })
}

/// When the rate lets a run begin for which others wait before it. None: too many to say.
fn turn(place: &FlowPlace, next: Timestamp) -> Option<Timestamp> {
    if place.ahead >= FlowPlace::MAX_AHEAD {
        return None;
    }
    let spacing = place.line.rate.map(Rate::spacing).unwrap_or_default();
    Some(next.saturating_add(spacing.saturating_mul(place.ahead)))
}

/// Of the runs that have the slots: those that will not give them back by themselves.
fn standing_holders(holders: &[(RunId, RunStatus)]) -> String {
    const NAMED: usize = 3;
    let stands = |(_, status): &&(RunId, RunStatus)| matches!(status, RunStatus::Blocked | RunStatus::Paused);
    let named = holders.iter().filter(stands).take(NAMED);
    named
        .map(|(run, status)| format!("; {run} has one and is {status}"))
        .collect()
}
