//! How the replayed run stands in the end, beside how the recorded one did.

use std::sync::Arc;

use serde_json::Value;

use crate::core::{ActivityState, Recorded, RunState, StepStatus, Wait};
use crate::definition::Definition;
use crate::names::ActivityRef;
use crate::replay::change::difference::{difference, excerpt};
use crate::replay::change::explain::explain;
use crate::replay::change::finding::{FindingKind, Findings};
use crate::replay::change::world::World;

/// Everything that differs, in the order of the record.
pub(super) fn finish(mut world: World, own: &Arc<Definition>, record: &[Recorded]) -> Findings {
    unanswered(&mut world);
    waiting(&mut world);
    steps(&mut world);
    the_run(&mut world);
    let World {
        mut findings, asked, ..
    } = world;
    explain(&mut findings, asked, own, record);
    findings.list.sort_by_key(|finding| finding.seq);
    findings
}

/// Attempts and look-ups that the record has no answer for.
fn unanswered(world: &mut World) {
    let (flying, wanted) = (&world.flying, &world.wanted);
    let attempts = flying.iter().map(|(of, flying)| (of, flying.refused, flying.since));
    let lookups = wanted.iter().map(|(of, wanted)| (of, wanted.refused, wanted.since));
    let all: Vec<_> = attempts
        .chain(lookups)
        .filter(|(activity, refused, _)| !refused && is_running(world.state(), activity))
        .map(|(activity, _, since)| (activity.clone(), since))
        .collect();
    for (activity, since) in all {
        if world.tape.leaves_open(&activity) {
            continue;
        }
        let (why, begun) = before(world, &activity);
        let message = match begun {
            0 => {
                format!("step `{activity}` {why}: there is no recorded answer, and the replay of this run stops there")
            }
            _ => format!("step `{activity}` would be attempted again: the record has no answer to a further attempt"),
        };
        world.place = since;
        world.find(Some(&activity), FindingKind::NoAnswer, message);
    }
    world.place = world.tape.end.seq;
}

fn is_running(state: &RunState, activity: &ActivityRef) -> bool {
    let of = state.activity(activity);
    of.is_some_and(|of| of.status == StepStatus::Running)
}

/// What the record says of an activity, and how many attempts it has seen.
fn before(world: &World, activity: &ActivityRef) -> (&'static str, u32) {
    let end = &world.tape.end;
    match (end.step(&activity.step), end.activity(activity)) {
        (None, _) => ("is new", 0),
        (Some(_), None) => ("has an item that it did not have", 0),
        (Some(_), Some(of)) => ("runs now", of.attempts),
    }
}

/// Waits for somebody who says nothing in the record.
fn waiting(world: &mut World) {
    let state = world.state();
    let open: Vec<(ActivityRef, ActivityState)> = state
        .activities()
        .filter(|(_, of)| matches!(of.status, StepStatus::Waiting | StepStatus::Unknown))
        .map(|(slot, of)| (state.name(slot), of.clone()))
        .collect();
    for (activity, of) in open {
        if world.tape.leaves_open(&activity) || world.strangers.contains_key(&activity) {
            continue;
        }
        let (kind, message) = match &of.wait {
            _ if of.status == StepStatus::Unknown => (
                FindingKind::NeedsDecision,
                format!("nobody would know what became of step `{activity}`, and the record does not say it"),
            ),
            Some(Wait::Signal { name }) => (
                FindingKind::NeedsSignal,
                format!(
                    "step `{activity}` would need another signal {}",
                    excerpt(&Value::String(name.clone()))
                ),
            ),
            Some(Wait::Approval { .. }) => (
                FindingKind::NeedsDecision,
                format!("step `{activity}` would need a decision that the record does not have"),
            ),
            Some(Wait::Child { .. }) => (
                FindingKind::NoAnswer,
                format!("step `{activity}` would start a run of which the record does not know the end"),
            ),
            Some(Wait::Task { .. }) => (
                FindingKind::NoAnswer,
                format!("step `{activity}` would offer a task of which the record does not know the end"),
            ),
            Some(Wait::Timer) | None => continue,
        };
        world.find(Some(&activity), kind, message);
    }
}

fn steps(world: &mut World) {
    let (state, end) = (world.state().clone(), world.tape.end.clone());
    for (step, of) in state.definition.steps.iter().zip(&state.steps) {
        let activity = ActivityRef::step(step.id.clone());
        if let Some((_, recorded)) = end.step(&step.id) {
            one(world, &activity, &recorded.own, &of.own, state.is_terminal());
        }
        for (item, part) in of.parts.keys().copied() {
            let activity = ActivityRef {
                item,
                part,
                ..activity.clone()
            };
            if end.activity(&activity).is_none() {
                let message = format!(
                    "`{activity}` was not needed, and would be: {}",
                    ending_of(&state, &activity)
                );
                world.find(Some(&activity), FindingKind::RunsOtherwise, message);
            }
        }
    }
    for (step, of) in end.definition.steps.iter().zip(&end.steps) {
        for ((item, part), was) in &of.parts {
            let (step, item, part) = (step.id.clone(), *item, *part);
            let activity = ActivityRef { step, item, part };
            match state.activity(&activity) {
                Some(now) => one(world, &activity, was, now, state.is_terminal()),
                None if was.attempts > 0 => {
                    let message = format!("`{activity}` no longer runs: there would be no need of it");
                    world.find(Some(&activity), FindingKind::RunsOtherwise, message);
                }
                None => {}
            }
        }
    }
    for (step, of) in end.definition.steps.iter().zip(&end.steps) {
        if state.step(&step.id).is_none() && of.own.attempts > 0 {
            let activity = ActivityRef::step(step.id.clone());
            let message = format!("step `{activity}` no longer runs: the definition does not have it");
            world.find(Some(&activity), FindingKind::RunsOtherwise, message);
        }
    }
}

fn one(world: &mut World, activity: &ActivityRef, was: &ActivityState, now: &ActivityState, ended: bool) {
    use StepStatus::{Failed, Skipped, Succeeded};
    let ran = |of: &ActivityState| of.attempts > 0;
    let (kind, message) = match (was.status, now.status) {
        (old, new) if !new.is_settled() => {
            if !(ended && ran(was) && old.is_settled()) {
                return;
            }
            let message = format!("step `{activity}` no longer runs: the run would have ended before");
            (FindingKind::RunsOtherwise, message)
        }
        (old, Skipped) if old != Skipped && ran(was) => (
            FindingKind::RunsOtherwise,
            format!("step `{activity}` no longer runs: its condition would be false"),
        ),
        (Skipped, new) if new != Skipped => (
            FindingKind::RunsOtherwise,
            format!("step `{activity}` was skipped, and would run: {}", ending(now)),
        ),
        (Succeeded, Succeeded) | (Failed, Failed) => return output(world, activity, was, now),
        (old, new) if old == new => return,
        (old, _) if !old.is_settled() => {
            // The record ends before; only a step without an effect of its own can have gone further.
            (
                FindingKind::EndsOtherwise,
                format!("step `{activity}` would have ended: {}", ending(now)),
            )
        }
        _ => (
            FindingKind::EndsOtherwise,
            format!(
                "step `{activity}` would end otherwise: {}, not {}",
                ending(now),
                ending(was)
            ),
        ),
    };
    world.find(Some(activity), kind, message);
}

fn output(world: &mut World, activity: &ActivityRef, was: &ActivityState, now: &ActivityState) {
    let null = Value::Null;
    let json = |of: &ActivityState| of.output.as_ref().map_or(null.clone(), |output| output.json().clone());
    if was.output != now.output {
        let message = format!(
            "the output of step `{activity}` differs: {}",
            difference(&json(was), &json(now))
        );
        world.find(Some(activity), FindingKind::OutputDiffers, message);
    } else if was.status == StepStatus::Failed && was.error != now.error {
        let message = format!(
            "step `{activity}` would end otherwise: {}, not {}",
            ending(now),
            ending(was)
        );
        world.find(Some(activity), FindingKind::EndsOtherwise, message);
    }
}

fn ending_of(state: &RunState, activity: &ActivityRef) -> String {
    state.activity(activity).map_or_else(String::new, ending)
}

fn ending(of: &ActivityState) -> String {
    match (&of.error, of.status) {
        (Some(error), StepStatus::Failed) => {
            let message = excerpt(&Value::String(error.message.clone()));
            format!("failed with [{}] {message}", error.code)
        }
        (_, status) => status.as_str().to_owned(),
    }
}

fn the_run(world: &mut World) {
    let (now, was) = (world.state(), &world.tape.end);
    let message = match (was.is_terminal(), now.is_terminal()) {
        (_, true) if was.status() != now.status() => {
            format!("the run would end {}, not {}", run_ending(now), run_ending(was))
        }
        (true, true) if was.error != now.error => {
            format!("the run would end {}, not {}", run_ending(now), run_ending(was))
        }
        (true, true) if was.output != now.output => {
            let null = Value::Null;
            let json = |of: &RunState| of.output.as_ref().map_or(null.clone(), |output| output.json().clone());
            let difference = difference(&json(was), &json(now));
            let message = format!("the output of the run differs: {difference}");
            world.find(None, FindingKind::OutputDiffers, message);
            return;
        }
        (true, false) if world.findings.list.is_empty() => {
            format!("the run would not end where it did: it would be {}", now.status())
        }
        _ => return,
    };
    world.find(None, FindingKind::RunDiffers, message);
}

fn run_ending(of: &RunState) -> String {
    match &of.error {
        Some(error) => {
            let step = error
                .step
                .as_ref()
                .map_or_else(String::new, |step| format!(" of step `{step}`"));
            let message = excerpt(&Value::String(error.message.clone()));
            format!("{} with [{}] {message}{step}", of.status(), error.code)
        }
        None => of.status().to_string(),
    }
}
