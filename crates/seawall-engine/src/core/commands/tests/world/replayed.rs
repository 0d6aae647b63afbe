//! Whatever a run went through, its journal replays to itself; a journal that was tampered with does not.

use std::sync::Arc;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use seawall_store::{Digest, Seq, Timestamp};
use serde_json::json;

use super::op::op;
use super::plan::plan;
use super::property::{driven, led_to_its_end};
use crate::core::commands::tests::check;
use crate::core::commands::tests::kit::Subject;
use crate::core::{BlockReason, Decided, Event, Recorded, RunState};
use crate::datum::Datum;
use crate::replay::{Replay, Verdict, compare};

/// Replays the journal, and answers where its decisions end.
fn replayed(run: &Subject, journal: &[Recorded]) -> Result<Vec<usize>, String> {
    let mut replay = Replay::new(Arc::clone(&run.definition), journal).map_err(|error| error.to_string())?;
    let mut ends = vec![1];
    while let Some(step) = replay.next() {
        ends.push(step.map_err(|divergence| format!("{divergence:#?}"))?.events.end);
    }
    check::indexes(replay.state());
    Ok(ends)
}

/// How a journal is tampered with.
#[derive(Clone, Copy, Debug)]
enum Tamper {
    Drop,
    Swap,
    Alter,
}

/// The journal with one event tampered with, and the places renumbered. None where there is nothing to do so with.
fn tampered(journal: &[Recorded], tamper: Tamper, place: usize) -> Option<Vec<Recorded>> {
    let mut journal = journal.to_vec();
    match tamper {
        Tamper::Drop => drop(journal.remove(place)),
        Tamper::Swap => {
            if place + 1 >= journal.len() || journal[place].event == journal[place + 1].event {
                return None;
            }
            let (left, right) = journal.split_at_mut(place + 1);
            std::mem::swap(&mut left[place].event, &mut right[0].event);
        }
        Tamper::Alter => alter(&mut journal[place].event)?,
    }
    for (recorded, seq) in journal.iter_mut().zip(1..) {
        recorded.seq = Seq(seq);
    }
    Some(journal)
}

/// Changes what the engine works out, not what somebody told it. None where the event has nothing of the kind.
fn alter(event: &mut Event) -> Option<()> {
    let later = |at: Timestamp| at.saturating_add(Duration::from_secs(1_000_000));
    match event {
        Event::StepStarted(started) => match (&mut started.request_digest, &mut started.deadline) {
            (Some(digest), _) => *digest = Digest::of(b"another"),
            (None, Some(deadline)) => *deadline = later(*deadline),
            (None, None) => started.attempt += 1,
        },
        Event::RunSucceeded { output } => *output = Datum::new(json!({ "another": output.json() })),
        Event::RunFailed { error } => error.code = "another".into(),
        Event::RunRetried { activities, .. } if activities.is_empty() => return None,
        Event::RunRetried { activities, .. } => activities.clear(),
        Event::RunBlocked {
            reason: BlockReason::UnknownOutcome(of),
        } => of.clear(),
        Event::StepFailed { retry_at: Some(at), .. } => *at = later(*at),
        Event::StepFailed {
            replaced_by: Some(output),
            ..
        } => *output = Datum::new(json!("another")),
        Event::MapStarted { items, .. } => items.push(Datum::null()),
        Event::TimerSet { until, .. } => *until = later(*until),
        Event::SignalAwaited { name, .. } => name.push('x'),
        Event::ApprovalRequested(asked) => asked.message.push('x'),
        Event::ApprovalDecided { decision, .. } => {
            *decision = if *decision == Decided::Expired {
                Decided::Approved
            } else {
                Decided::Expired
            };
        }
        Event::ChildStarted(started) => started.depth += 1,
        _ => return None,
    }
    Some(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_journal_replays_to_itself(plan in plan(), ops in vec(op(), 0..60), ends in any::<bool>()) {
        let mut world = driven(&plan, &ops);
        if ends {
            led_to_its_end(&mut world);
        }
        let run = &world.run;
        let replayed = replayed(run, &run.journal);
        prop_assert!(replayed.is_ok(), "{}\n{:#?}", replayed.unwrap_err(), run.journal);
        let replay = Replay::new(Arc::clone(&run.definition), &run.journal).unwrap();
        prop_assert_eq!(replay.finish(), Verdict::Identical);
    }

    #[test]
    fn an_unchanged_definition_makes_no_difference_to_any_run(plan in plan(), ops in vec(op(), 0..60), ends in any::<bool>()) {
        let mut world = driven(&plan, &ops);
        if ends {
            led_to_its_end(&mut world);
        }
        let run = &world.run;
        let comparison = compare(&run.definition, &run.definition, &run.journal).unwrap();
        prop_assert!(comparison.findings.is_empty(), "{:#?}\n{:#?}", comparison, run.journal);
        prop_assert_eq!(comparison.replayed, comparison.recorded);
    }

    /// An event that another one leads to cannot be missing, elsewhere or different. One that stands first in a decision is
    /// what somebody said or did: without it, or a moment later, it is the journal of another run, and as good a one.
    #[test]
    fn a_journal_that_was_tampered_with_does_not_replay(
        plan in plan(),
        ops in vec(op(), 0..60),
        tamper in prop::sample::select(vec![Tamper::Drop, Tamper::Swap, Tamper::Alter]),
        place in any::<prop::sample::Index>(),
    ) {
        let world = driven(&plan, &ops);
        let run = &world.run;
        let ends = replayed(run, &run.journal).unwrap();
        let place = place.index(run.journal.len());
        let Some(journal) = tampered(&run.journal, tamper, place) else { return Ok(()) };
        let begins = |place: &usize| ends.contains(place);
        let stopped = |place: usize| matches!(run.journal[place].event, Event::StepCancelled { .. });
        let told = match tamper {
            Tamper::Drop => begins(&place),
            // Attempts that a recovery found while the run stopped may as well have ended one by one.
            Tamper::Swap => begins(&place) || begins(&(place + 1)) || stopped(place) && stopped(place + 1),
            Tamper::Alter => false,
        };
        let outcome = replayed(run, &journal);
        prop_assert!(outcome.is_err() || told && place > 0, "{tamper:?} of {:?}\n{:#?}", run.journal[place], run.journal);
        if let Ok(ends) = outcome {
            // Whatever is called identical was decided again, from its first event on.
            prop_assert_eq!(ends.last(), Some(&journal.len()));
            prop_assert!(RunState::replay(Arc::clone(&run.definition), &journal).is_ok());
        }
    }
}
