//! What is kept beside the activities, computed again the slow way.

use std::collections::BTreeSet;

use crate::core::state::{MapItems, RunState, Slot, StepStatus, Wait};
use crate::datum::{Datum, weight};
use crate::names::Part;

/// Every index equals what a walk over all activities gives.
pub(super) fn indexes(state: &RunState) {
    let mut counts = [0u32; StepStatus::COUNT];
    let mut timers = BTreeSet::new();
    let (mut asking, mut looking, mut offered) = (0, 0, 0);
    let mut bytes = weight(state.input.json());
    let heavy = |datum: &Option<Datum>| datum.as_ref().map_or(0, |datum| weight(datum.json()));
    for (index, step) in state.steps.iter().enumerate() {
        let own = (Slot::step(index), &step.own);
        let items = step.items.iter().flat_map(|items| {
            (0u32..)
                .zip(&items.states)
                .map(move |(item, of)| (Slot::item(index, item), of))
        });
        let parts = step.parts.iter().map(|((item, part), of)| {
            assert_ne!(*part, Part::Main, "a part that is none");
            assert_eq!(of.output, None, "the output of a part is kept");
            let (item, part) = (*item, *part);
            (
                Slot {
                    step: index,
                    item,
                    part,
                },
                of,
            )
        });
        for (slot, of) in std::iter::once(own).chain(items).chain(parts) {
            if slot != Slot::step(index) || step.items.is_none() {
                counts[of.status as usize] += 1;
            }
            timers.extend(of.wake.map(|at| (at, slot)));
            let asks = matches!(of.wait, Some(Wait::Signal { .. } | Wait::Approval { .. }));
            asking += u32::from(of.status == StepStatus::Waiting && asks);
            let looks = slot.part == Part::Reconcile && of.status != StepStatus::Pending && !of.status.is_settled();
            looking += u32::from(looks);
            bytes += heavy(&of.output);
            let task = matches!(of.wait, Some(Wait::Task { .. }));
            offered += u32::from(of.status == StepStatus::Waiting && task);
            // A task that was claimed is an attempt that runs, until the event that follows.
            let waits = of.status == StepStatus::Waiting || (task && of.status == StepStatus::Running);
            assert_eq!(of.wait.is_some(), waits, "{slot:?}: {of:?}");
            let may_wake = matches!(of.status, StepStatus::Waiting | StepStatus::Retrying);
            assert!(of.wake.is_none() || may_wake, "{slot:?}: {of:?}");
            assert!(
                of.wake.is_some() || of.status != StepStatus::Retrying,
                "{slot:?}: {of:?}"
            );
        }
        if let Some(items) = &step.items {
            of_items(index, items);
            bytes += items.values.iter().map(|value| weight(value.json())).sum::<usize>();
        }
    }
    bytes += state
        .signals
        .iter()
        .map(|(_, payload)| weight(payload.json()))
        .sum::<usize>();
    let settled = state.steps.iter().filter(|step| step.own.status.is_settled()).count();
    assert_eq!(state.counts, counts);
    assert_eq!(state.timers, timers);
    assert_eq!((state.asking, state.looking, state.offered), (asking, looking, offered));
    for slot in state.undo.iter().flatten() {
        assert_eq!(slot.part, Part::Compensate);
        assert!(
            state.at(*slot).is_some_and(|of| !of.status.is_settled()),
            "{slot:?} is undone already"
        );
    }
    assert_eq!(state.bytes, bytes);
    assert_eq!(state.settled_steps as usize, settled);
    assert!(state.projection().completed_steps <= state.projection().total_steps);
}

/// What a map keeps of its items.
fn of_items(step: usize, items: &MapItems) {
    let count = |keep: &dyn Fn(StepStatus) -> bool| items.states.iter().filter(|of| keep(of.status)).count();
    let begun = |status: StepStatus| status != StepStatus::Pending && !status.is_settled();
    assert_eq!(items.active as usize, count(&begun), "active items of step {step}");
    assert_eq!(
        items.settled as usize,
        count(&StepStatus::is_settled),
        "settled items of step {step}"
    );
    assert_eq!(
        items.failed.is_some(),
        count(&|status| status == StepStatus::Failed) > 0
    );
    let next = items.states.iter().position(|of| of.status == StepStatus::Pending);
    assert_eq!(
        items.next,
        next.unwrap_or(items.states.len()),
        "next item of step {step}"
    );
}

/// Two states are the same in every field. A field that is added has to be added here: this does not compile without it.
pub(super) fn same(left: &RunState, right: &RunState) {
    let RunState {
        run,
        definition,
        workflow,
        input,
        created_by,
        parent,
        depth,
        scheduled,
        trace,
        created_at,
        started_at,
        finished_at,
        seq,
        last_at,
        phase,
        limited,
        gated,
        priority,
        superseded,
        paused,
        blocked,
        attempt,
        attempt_since,
        asked,
        retry_due,
        deadline,
        steps,
        signals,
        output,
        error,
        timers,
        counts,
        bytes,
        settled_steps,
        asking,
        looking,
        forked_from,
        undo,
        offered,
    } = left;
    assert_eq!(
        (run, workflow, parent, depth, scheduled),
        (
            &right.run,
            &right.workflow,
            &right.parent,
            &right.depth,
            &right.scheduled
        )
    );
    assert_eq!((&definition.digest, input), (&right.definition.digest, &right.input));
    assert_eq!(
        (created_by, created_at, trace),
        (&right.created_by, &right.created_at, &right.trace)
    );
    assert_eq!((started_at, finished_at), (&right.started_at, &right.finished_at));
    assert_eq!((seq, last_at, attempt), (&right.seq, &right.last_at, &right.attempt));
    assert_eq!(attempt_since, &right.attempt_since);
    assert_eq!((phase, paused, blocked), (&right.phase, &right.paused, &right.blocked));
    assert_eq!(
        (limited, gated, priority, superseded),
        (&right.limited, &right.gated, &right.priority, &right.superseded)
    );
    assert_eq!(
        (deadline, output, error),
        (&right.deadline, &right.output, &right.error)
    );
    assert_eq!(steps, &right.steps);
    assert_eq!(signals, &right.signals);
    assert_eq!((timers, counts), (&right.timers, &right.counts));
    assert_eq!(
        (bytes, settled_steps, asking),
        (&right.bytes, &right.settled_steps, &right.asking)
    );
    assert_eq!((looking, offered), (&right.looking, &right.offered));
    assert_eq!((asked, retry_due), (&right.asked, &right.retry_due));
    assert_eq!((forked_from, undo), (&right.forked_from, &right.undo));
}
