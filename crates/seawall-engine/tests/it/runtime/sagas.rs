//! Compensation and reconcile steps, through whole engines and their deaths.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use seawall_engine::store::{Awaits, RunStatus};
use seawall_engine::{ActivityRef, EngineError, Outcome, Resolution, StepError, StepStatus};
use serde_json::{Value, json};

use crate::runtime::probe::{Probe, value};
use crate::runtime::world::{World, flow, probe};

/// A step that can be undone.
fn undoable(id: &str, needs: &[&str]) -> Value {
    let mut step = probe(id, "once", needs);
    step["compensate"] = json!({ "kind": "probe", "effect": "once", "with": { "value": format!("undo {id}") } });
    step
}

fn trip() -> Value {
    flow(json!([
        undoable("flight", &[]),
        undoable("hotel", &["flight"]),
        probe("pay", "read", &["hotel"]),
    ]))
}

/// `pay` fails; everything else succeeds.
async fn without_money(name: String) -> Outcome {
    if name == "pay" {
        return Outcome::Failed(StepError::permanent("no-money", "the card was declined"));
    }
    Outcome::Succeeded(json!(name))
}

fn named(name: &str) -> ActivityRef {
    ActivityRef::parse(name).expect("the name of an activity")
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_run_has_done_is_undone_in_reverse() {
    let world = World::new();
    let executor = Probe::new(|attempt, _| without_money(attempt.activity.to_string()));
    let engine = world.engine(&executor).await;
    let view = world.run(&engine, trip()).await;
    assert_eq!((view.status, view.compensating), (RunStatus::Failed, false));
    assert_eq!(
        executor.begun(),
        ["flight", "hotel", "pay", "hotel.compensate", "flight.compensate"]
    );
    assert_eq!(&*view.error.unwrap().code, "no-money");
    let undone = view.steps[0].compensation.as_ref().unwrap();
    assert_eq!((undone.status, undone.attempts), (StepStatus::Succeeded, 1));
    assert_eq!((view.completed_steps, view.total_steps), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_dies_while_it_undoes_is_followed_by_one_that_goes_on_there() {
    for yields in 0..80 {
        let world = World::new();
        let executor = Probe::new(|attempt, _| async move {
            // Each attempt takes a few turns, so that the death can fall into every one of them.
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            without_money(attempt.activity.to_string()).await
        });
        let engine = world.engine(&executor).await;
        let mut definition = trip();
        for step in 0..2 {
            definition["steps"][step]["compensate"]["effect"] = json!("idempotent");
            definition["steps"][step]["effect"] = json!("idempotent");
        }
        let run = world.start(&engine, definition).await;
        for _ in 0..yields {
            tokio::task::yield_now().await;
        }
        world.crash(engine).await;
        let engine = world.engine(&executor).await;
        let view = world.wait(&engine, run).await;
        assert_eq!(view.status, RunStatus::Failed, "after {yields} turns");
        let events = world.events(&engine, run).await;
        assert_eq!(events.iter().filter(|kind| **kind == "compensation.started").count(), 1);
        let mut undone = executor.begun();
        undone.retain(|name| name.ends_with(".compensate"));
        undone.dedup();
        assert_eq!(
            undone,
            ["hotel.compensate", "flight.compensate"],
            "after {yields} turns"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_compensation_in_flight_at_a_death_blocks_until_it_is_resolved() {
    let world = World::new();
    let hangs = Arc::new(AtomicBool::new(true));
    let script = Arc::clone(&hangs);
    let executor = Probe::new(move |attempt, _| {
        let name = attempt.activity.to_string();
        let hangs = name == "hotel.compensate" && script.load(Ordering::SeqCst);
        async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            without_money(name).await
        }
    });
    let engine = world.engine(&executor).await;
    let run = world.start(&engine, trip()).await;
    world.settle().await;
    let view = engine.run(&world.me, run).await.unwrap();
    assert_eq!((view.status, view.compensating), (RunStatus::Running, true));
    let why = engine.why(&world.me, run).await.unwrap();
    assert_eq!(why[0].kind, "compensating");
    world.crash(engine).await;
    hangs.store(false, Ordering::SeqCst);
    let engine = world.engine(&executor).await;
    let view = world.wait(&engine, run).await;
    assert_eq!((view.status, view.awaits), (RunStatus::Blocked, Awaits::Person));
    let undone = || Resolution::Succeeded(json!(null).into());
    let other = engine.resolve(&world.me, run, named("hotel"), undone()).await;
    assert!(matches!(other, Err(EngineError::Conflict { .. })), "{other:?}");
    let none = engine.resolve(&world.me, run, named("pay.compensate"), undone()).await;
    assert!(matches!(none, Err(EngineError::NotFound(_))), "{none:?}");
    engine
        .resolve(&world.me, run, named("hotel.compensate"), undone())
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Failed);
    assert_eq!(executor.begun().last().map(String::as_str), Some("flight.compensate"));
}

#[tokio::test(start_paused = true)]
async fn a_paused_compensation_waits_for_its_resume() {
    let world = World::new();
    let executor = Probe::new(|attempt, _| async move {
        if attempt.activity.to_string() == "hotel.compensate" {
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        without_money(attempt.activity.to_string()).await
    });
    let engine = world.engine(&executor).await;
    let run = world.start(&engine, trip()).await;
    world.settle().await;
    engine.pause(&world.me, run).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let view = engine.run(&world.me, run).await.unwrap();
    assert_eq!((view.status, view.compensating), (RunStatus::Paused, true));
    assert_eq!(executor.begun().len(), 4);
    engine.resume(&world.me, run).await.unwrap();
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_child_run_undoes_and_its_end_comes_back() {
    let world = World::new();
    let executor = Probe::new(|attempt, _| without_money(attempt.activity.to_string()));
    let engine = world.engine(&executor).await;
    let undo = json!({ "name": "undo", "steps": [probe("release", "once", &[])] });
    engine.create_workflow(&world.me, &undo).await.unwrap();
    let mut flight = probe("flight", "once", &[]);
    flight["compensate"] = json!({ "kind": "workflow", "with": { "workflow": "undo" } });
    let view = world
        .run(&engine, flow(json!([flight, probe("pay", "read", &["flight"])])))
        .await;
    assert_eq!(view.status, RunStatus::Failed);
    assert_eq!(executor.begun(), ["flight", "pay", "release"]);
    let undone = view.steps[0].compensation.as_ref().unwrap();
    assert_eq!(undone.status, StepStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn what_was_undone_is_done_again_by_a_retry() {
    let world = World::new();
    let broke = Arc::new(AtomicBool::new(true));
    let script = Arc::clone(&broke);
    let executor = Probe::new(move |attempt, _| {
        let broke = script.load(Ordering::SeqCst);
        async move {
            if broke {
                return without_money(attempt.activity.to_string()).await;
            }
            Outcome::Succeeded(value(&attempt))
        }
    });
    let engine = world.engine(&executor).await;
    let view = world.run(&engine, trip()).await;
    broke.store(false, Ordering::SeqCst);
    engine.retry(&world.me, view.id).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.wait(&engine, view.id).await.status, RunStatus::Succeeded);
    let log = executor.log.lock();
    let keys: Vec<_> = log
        .iter()
        .filter(|attempt| attempt.activity.to_string() == "flight")
        .map(|attempt| attempt.effect_key)
        .collect();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1]);
}

/// A `once` step that never says how it ended, and what looks into it.
fn lost(reconcile: Value) -> Value {
    let mut step = probe("pay", "once", &[]);
    step["reconcile"] = reconcile;
    flow(json!([step]))
}

#[tokio::test(start_paused = true)]
async fn a_reconcile_step_settles_what_nobody_knows() {
    let world = World::new();
    let executor = Probe::new(|attempt, _| async move {
        match attempt.activity.to_string().as_str() {
            "pay" => Outcome::Unknown(StepError::new("reset", "the connection was reset")),
            _ if attempt.number < 3 => Outcome::Failed(StepError::new("down", "not yet")),
            _ => Outcome::Succeeded(json!({ "paid": value(&attempt) })),
        }
    });
    let engine = world.engine(&executor).await;
    let reconcile = json!({
        "kind": "probe", "effect": "read", "with": { "value": "{{ effect_key }}" },
        "retry": { "max_attempts": 5 },
        "answer": { "outcome": "succeeded", "output": "{{ result.paid }}" },
    });
    let view = world.run(&engine, lost(reconcile)).await;
    assert_eq!(view.status, RunStatus::Succeeded);
    let key = executor.log.lock()[0].effect_key.to_string();
    assert_eq!(view.steps[0].output.json(), &json!(key));
    let looked = view.steps[0].reconcile.as_ref().unwrap();
    assert_eq!((looked.status, looked.attempts), (StepStatus::Succeeded, 3));
}

#[tokio::test(start_paused = true)]
async fn a_reconcile_step_without_an_answer_leaves_it_to_a_person_and_says_so() {
    let world = World::new();
    let executor = Probe::new(|attempt, _| async move {
        match attempt.activity.to_string().as_str() {
            "pay" => Outcome::Unknown(StepError::new("reset", "the connection was reset")),
            _ => Outcome::Succeeded(json!({ "outcome": "unknown" })),
        }
    });
    let engine = world.engine(&executor).await;
    let view = world
        .run(&engine, lost(json!({ "kind": "probe", "effect": "read" })))
        .await;
    assert_eq!(view.status, RunStatus::Blocked);
    let why = engine.why(&world.me, view.id).await.unwrap();
    assert!(
        why[0]
            .detail
            .contains("Its reconcile step did not find out (still-unknown:"),
        "{why:?}"
    );
}
