//! Forks: what they take over, what they do again, and what they refuse.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use seawall_engine::store::{Digest, Page, RunFilter, RunId, RunStatus};
use seawall_engine::{Engine, EngineError, ForkRun, IdempotentRequest, Outcome, RunStarted, StepError};
use serde_json::{Value, json};

use crate::runtime::probe::{Probe, value};
use crate::runtime::world::{World, flow, probe};

fn from(step: &str) -> ForkRun {
    ForkRun {
        from_step: step.to_owned(),
        input: None,
        definition: None,
        idempotency: None,
    }
}

async fn fork(world: &World, engine: &Engine, run: RunId, request: ForkRun) -> Result<RunStarted, EngineError> {
    engine.fork_run(&world.me, run, request).await
}

fn looking(id: &str, needs: &[&str], value: &str) -> Value {
    let mut step = probe(id, "once", needs);
    step["with"] = json!({ "value": value });
    step
}

fn chain() -> Value {
    let mut flow = flow(json!([
        looking("a", &[], "{{ input.n }}"),
        looking("b", &["a"], "{{ steps.a.output }}b"),
        looking("c", &["b"], "{{ steps.b.output }}c{{ input.n }}"),
        looking("d", &["a"], "d"),
    ]));
    flow["input"] = json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] });
    flow["output"] = json!("{{ steps.c.output }}");
    flow
}

#[tokio::test(start_paused = true)]
async fn what_comes_before_is_copied_and_the_rest_is_done_again() {
    let world = World::new();
    let executor = Probe::echo();
    let engine = world.engine(&executor).await;
    let source = world.try_start(&engine, chain(), json!({ "n": 1 })).await.unwrap().run;
    world.wait(&engine, source).await;
    executor.log.lock().clear();
    let request = ForkRun {
        input: Some(json!({ "n": 2 })),
        ..from("c")
    };
    let forked = fork(&world, &engine, source, request).await.unwrap().run;
    let view = world.wait(&engine, forked).await;
    assert_eq!(
        (view.status, view.output.json()),
        (RunStatus::Succeeded, &json!("1bc2"))
    );
    assert_eq!(executor.begun(), ["c"]);
    assert_eq!(
        view.forked_from.as_ref().map(|(run, step)| (*run, step.as_str())),
        Some((source, "c"))
    );
    assert_eq!(
        view.steps.iter().map(|step| step.copied).collect::<Vec<_>>(),
        [true, true, false, true]
    );
    assert_eq!(
        &world.events(&engine, forked).await[..6],
        [
            "run.created",
            "run.forked",
            "step.copied",
            "step.copied",
            "step.copied",
            "run.started"
        ]
    );
    // And a fork of the fork, with nothing done again but the last step.
    let again = fork(&world, &engine, forked, from("d")).await.unwrap().run;
    let view = world.wait(&engine, again).await;
    assert_eq!((view.output.json(), executor.begun().len()), (&json!("1bc2"), 2));
}

#[tokio::test(start_paused = true)]
async fn a_fork_survives_the_death_of_its_process_and_has_keys_of_its_own() {
    let world = World::new();
    let executor = Probe::echo();
    let engine = world.engine(&executor).await;
    let source = world.try_start(&engine, chain(), json!({ "n": 1 })).await.unwrap().run;
    world.wait(&engine, source).await;
    let forked = fork(&world, &engine, source, from("b")).await.unwrap().run;
    world.crash(engine).await;
    let engine = world.engine(&executor).await;
    let view = world.wait(&engine, forked).await;
    assert!(
        matches!(view.status, RunStatus::Succeeded | RunStatus::Blocked),
        "{view:?}"
    );
    let log = executor.log.lock();
    let mut keys: Vec<String> = log.iter().map(|attempt| attempt.effect_key.to_string()).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), log.len());
}

#[tokio::test(start_paused = true)]
async fn a_running_run_is_forked_with_what_it_has_settled() {
    let world = World::new();
    let slow = Arc::new(AtomicBool::new(true));
    let script = Arc::clone(&slow);
    let executor = Probe::new(move |attempt, _| {
        let waits = attempt.activity.to_string() == "b" && script.load(Ordering::SeqCst);
        async move {
            if waits {
                tokio::time::sleep(Duration::from_secs(30)).await;
            }
            Outcome::Succeeded(value(&attempt))
        }
    });
    let engine = world.engine(&executor).await;
    let mut flow = chain();
    flow["steps"][1]["effect"] = json!("idempotent");
    let source = world.try_start(&engine, flow, json!({ "n": 1 })).await.unwrap().run;
    world.settle().await;
    slow.store(false, Ordering::SeqCst);
    let forked = fork(&world, &engine, source, from("c")).await.unwrap().run;
    let view = world.wait(&engine, forked).await;
    assert_eq!(
        (view.status, view.output.json()),
        (RunStatus::Succeeded, &json!("1bc1"))
    );
    // `b` had not settled: it is done anew.
    assert_eq!(
        view.steps.iter().map(|step| step.copied).collect::<Vec<_>>(),
        [true, false, false, true]
    );
    assert_eq!(world.wait(&engine, source).await.status, RunStatus::Succeeded);
}

/// Each `b` waits until it is let go.
#[tokio::test(start_paused = true)]
async fn a_running_fork_of_a_running_run_is_forked_with_what_it_has_settled() {
    let world = World::new();
    let (go, gate) = tokio::sync::watch::channel(false);
    let executor = Probe::new(move |attempt, _| {
        let mut gate = gate.clone();
        async move {
            if attempt.activity.to_string() == "b" {
                gate.wait_for(|open| *open).await.expect("the test holds it");
            }
            Outcome::Succeeded(value(&attempt))
        }
    });
    let engine = world.engine(&executor).await;
    let mut flow = chain();
    flow["steps"][1]["effect"] = json!("idempotent");
    let source = world.try_start(&engine, flow, json!({ "n": 1 })).await.unwrap().run;
    world.settle().await;
    // `d` is done again, and settled in the fork alone.
    let first = fork(&world, &engine, source, from("d")).await.unwrap().run;
    world.settle().await;
    let request = ForkRun {
        input: Some(json!({ "n": 2 })),
        ..from("c")
    };
    let second = fork(&world, &engine, first, request).await.unwrap().run;
    world.settle().await;
    for run in [source, first, second] {
        let view = engine.run(&world.me, run).await.unwrap();
        assert_eq!(view.status, RunStatus::Running, "{view:?}");
    }
    go.send(true).expect("attempts listen");
    for (run, output, copied) in [
        (source, "1bc1", [false; 4]),
        (first, "1bc1", [true, false, false, false]),
        (second, "1bc2", [true, false, false, true]),
    ] {
        let view = world.wait(&engine, run).await;
        assert_eq!(
            (view.status, view.output.json()),
            (RunStatus::Succeeded, &json!(output))
        );
        assert!(view.steps.iter().map(|step| step.copied).eq(copied), "{view:?}");
    }
    let mut begun = executor.begun();
    begun.sort();
    assert_eq!(begun, ["a", "b", "b", "b", "c", "c", "c", "d", "d"]);
    let keys = |attempt: &seawall_engine::Attempt| attempt.effect_key.to_string();
    let keys: BTreeSet<String> = executor.log.lock().iter().map(keys).collect();
    assert_eq!(keys.len(), begun.len());
    world.verify().await;
}

/// Nobody does a second time, at whatever remove, what is under way.
#[tokio::test(start_paused = true)]
async fn what_is_under_way_once_in_a_fork_is_not_done_by_a_fork_of_it() {
    let world = World::new();
    let executor = Probe::new(|attempt, _| async move {
        if attempt.activity.to_string() == "b" {
            std::future::pending::<()>().await;
        }
        Outcome::Succeeded(value(&attempt))
    });
    let engine = world.engine(&executor).await;
    let source = world.try_start(&engine, chain(), json!({ "n": 1 })).await.unwrap().run;
    world.settle().await;
    let refused = fork(&world, &engine, source, from("c")).await;
    assert!(matches!(refused, Err(EngineError::Conflict { .. })), "{refused:?}");
    let first = fork(&world, &engine, source, from("b")).await.unwrap().run;
    world.settle().await;
    let refused = fork(&world, &engine, first, from("c")).await;
    assert!(matches!(refused, Err(EngineError::Conflict { .. })), "{refused:?}");
    fork(&world, &engine, first, from("b")).await.unwrap();
    world.settle().await;
    let attempts = executor.begun().iter().filter(|step| *step == "b").count();
    assert_eq!(attempts, 3);
    world.verify().await;
}

#[tokio::test(start_paused = true)]
async fn a_child_run_that_is_under_way_is_not_begun_once_more_behind_anybodys_back() {
    let world = World::new();
    let executor = Probe::echo();
    let engine = world.engine(&executor).await;
    let child = json!({ "name": "child", "steps": [
        probe("pay", "once", &[]),
        { "id": "hear", "kind": "wait_signal", "needs": ["pay"], "with": { "name": "go" } },
    ] });
    engine.create_workflow(&world.me, &child).await.unwrap();
    let call = json!({ "kind": "workflow", "with": { "workflow": "child", "input": {} } });
    let mut alone = call.clone();
    alone["id"] = json!("call");
    let definition = flow(json!([
        alone,
        { "id": "each", "kind": "map", "with": { "over": "{{ [1, 2] }}", "as": "n", "step": call } },
        probe("a", "read", &[]),
        probe("b", "read", &["a"]),
    ]));
    let source = world.start(&engine, definition).await;
    world.settle().await;
    assert_eq!(executor.begun().iter().filter(|step| **step == "pay").count(), 3);
    let Err(EngineError::Conflict { detail, .. }) = fork(&world, &engine, source, from("b")).await else {
        panic!("the children are begun once more");
    };
    assert!(detail.ends_with("call, each[0], each[1]"), "{detail}");
    // Whoever names one of them says so, but not of the other.
    let Err(EngineError::Conflict { detail, .. }) = fork(&world, &engine, source, from("each")).await else {
        panic!("the child is begun once more");
    };
    assert!(detail.ends_with(": call"), "{detail}");
    assert_eq!(executor.begun().iter().filter(|step| **step == "pay").count(), 3);
    // Once they have ended, their outputs are copied.
    let listed = engine
        .list_runs(&world.me, RunFilter::default(), Page::first(10))
        .await
        .unwrap();
    for run in listed.items.iter().filter(|run| run.id != source) {
        engine.signal(&world.me, run.id, "go", None, json!(null)).await.unwrap();
    }
    assert_eq!(world.wait(&engine, source).await.status, RunStatus::Succeeded);
    let forked = fork(&world, &engine, source, from("b")).await.unwrap().run;
    assert_eq!(world.wait(&engine, forked).await.status, RunStatus::Succeeded);
    assert_eq!(executor.begun().iter().filter(|step| **step == "pay").count(), 3);
}

#[tokio::test(start_paused = true)]
async fn another_definition_takes_over_what_it_has_under_the_same_name_and_kind() {
    let world = World::new();
    let executor = Probe::echo();
    let engine = world.engine(&executor).await;
    let source = world.try_start(&engine, chain(), json!({ "n": 1 })).await.unwrap().run;
    world.wait(&engine, source).await;
    let mut changed = chain();
    changed["steps"][3] = json!({ "id": "d", "kind": "transform", "needs": ["a"], "with": { "value": "other" } });
    changed["output"] = json!("{{ steps.c.output }}{{ steps.d.output }}");
    let request = ForkRun {
        definition: Some(changed.clone()),
        ..from("c")
    };
    let forked = fork(&world, &engine, source, request).await.unwrap().run;
    let view = world.wait(&engine, forked).await;
    assert_eq!(view.output.json(), &json!("1bc1other"));
    assert_eq!(
        view.steps.iter().map(|step| step.copied).collect::<Vec<_>>(),
        [true, true, false, false]
    );
    changed["steps"][0]["kind"] = json!("nothing");
    let request = ForkRun {
        definition: Some(changed),
        ..from("c")
    };
    let refused = fork(&world, &engine, source, request).await;
    assert!(matches!(refused, Err(EngineError::InvalidDefinition(_))), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_undone_is_not_copied_and_what_was_copied_is_not_undone() {
    let world = World::new();
    let executor = Probe::new(|attempt, _| async move {
        if attempt.activity.to_string() == "pay" {
            return Outcome::Failed(StepError::permanent("no-money", "the card was declined"));
        }
        Outcome::Succeeded(value(&attempt))
    });
    let engine = world.engine(&executor).await;
    let undoable = |id: &str| {
        let mut step = probe(id, "once", &[]);
        step["compensate"] = json!({ "kind": "probe", "effect": "once" });
        step
    };
    let definition = flow(json!([undoable("hotel"), probe("pay", "read", &["hotel"])]));
    let source = world.run(&engine, definition).await.id;
    let forked = fork(&world, &engine, source, from("pay")).await.unwrap().run;
    let view = world.wait(&engine, forked).await;
    assert!(!view.steps[0].copied, "the booking was cancelled");
    let waiting = flow(json!([
        undoable("hotel"),
        { "id": "ask", "kind": "wait_signal", "needs": ["hotel"], "with": { "name": "go" } },
        probe("pay", "read", &["ask"]),
    ]));
    let source = world.start(&engine, waiting.clone()).await;
    world.settle().await;
    executor.log.lock().clear();
    let mut unasked = waiting;
    unasked["steps"][1] = json!({ "id": "ask", "kind": "transform", "needs": ["hotel"], "with": { "value": 1 } });
    let request = ForkRun {
        definition: Some(unasked),
        ..from("ask")
    };
    let forked = fork(&world, &engine, source, request).await.unwrap().run;
    let view = world.wait(&engine, forked).await;
    assert_eq!((view.status, view.steps[0].copied), (RunStatus::Failed, true));
    assert_eq!(executor.begun(), ["pay"], "the booking belongs to the other run");
}

#[tokio::test(start_paused = true)]
async fn one_key_forks_once_and_bad_requests_are_refused() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let source = world.try_start(&engine, chain(), json!({ "n": 1 })).await.unwrap().run;
    world.wait(&engine, source).await;
    let keyed = |fingerprint: &[u8]| ForkRun {
        idempotency: Some(IdempotentRequest {
            key: Digest::of(b"key"),
            fingerprint: Digest::of(fingerprint),
        }),
        ..from("c")
    };
    let first = fork(&world, &engine, source, keyed(b"one")).await.unwrap();
    let second = fork(&world, &engine, source, keyed(b"one")).await.unwrap();
    assert_eq!((first.run, first.replayed, second.replayed), (second.run, false, true));
    let reused = fork(&world, &engine, source, keyed(b"two")).await;
    assert!(matches!(reused, Err(EngineError::IdempotencyKeyReused)), "{reused:?}");
    for step in ["nope", "", "NO", "c.compensate"] {
        match fork(&world, &engine, source, from(step)).await {
            Err(EngineError::Invalid { pointer, code, .. }) => {
                assert_eq!((&*pointer, code), ("/from_step", "unknown-step"));
            }
            other => panic!("{other:?}"),
        }
    }
    let request = ForkRun {
        input: Some(json!({ "n": "one" })),
        ..from("c")
    };
    let refused = fork(&world, &engine, source, request).await;
    assert!(matches!(refused, Err(EngineError::InvalidInput(_))), "{refused:?}");
    let nobody = fork(&world, &engine, RunId::generate(), from("c")).await;
    assert!(matches!(nobody, Err(EngineError::NotFound("run"))), "{nobody:?}");
}

#[tokio::test(start_paused = true)]
async fn more_than_the_store_takes_at_once_is_not_copied() {
    let world = World::new();
    let executor = Probe::new(|_, _| async { Outcome::Succeeded(json!("x".repeat(1000 * 1000))) });
    let engine = world.engine(&executor).await;
    let mut steps: Vec<Value> = (0..18).map(|at| probe(&format!("s{at}"), "read", &[])).collect();
    steps.push(probe("last", "read", &["s0"]));
    let source = world.run(&engine, flow(json!(steps))).await;
    assert_eq!(source.status, RunStatus::Succeeded);
    let refused = fork(&world, &engine, source.id, from("last")).await;
    assert!(matches!(refused, Err(EngineError::Conflict { .. })), "{refused:?}");
}

fn copied(view: &seawall_engine::RunView) -> Vec<bool> {
    view.steps.iter().map(|step| step.copied).collect()
}

/// What forbids the fork.
fn conflict(answer: Result<RunStarted, EngineError>) -> String {
    match answer {
        Err(EngineError::Conflict { detail, .. }) => detail,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_needs_something_that_is_done_anew_is_done_anew() {
    let world = World::new();
    let executor = Probe::new(|attempt, _| async move {
        if attempt.activity.to_string() == "pay" {
            return Outcome::Failed(StepError::permanent("no-money", "the card was declined"));
        }
        Outcome::Succeeded(value(&attempt))
    });
    let engine = world.engine(&executor).await;
    let mut hotel = looking("hotel", &[], "booking");
    hotel["compensate"] = json!({ "kind": "probe", "effect": "once" });
    let undone = flow(json!([
        hotel,
        looking("voucher", &["hotel"], "{{ steps.hotel.output }}-voucher"),
        looking("pay", &["voucher"], "{{ [steps.hotel.output, steps.voucher.output] }}"),
    ]));
    let source = world.run(&engine, undone).await.id;
    executor.log.lock().clear();
    let forked = fork(&world, &engine, source, from("pay")).await.unwrap().run;
    let view = world.wait(&engine, forked).await;
    assert_eq!(copied(&view), [false, false, false]);
    assert_eq!(executor.begun()[..3], ["hotel", "voucher", "pay"]);
    let paid = executor
        .log
        .lock()
        .iter()
        .find(|attempt| attempt.activity.to_string() == "pay")
        .map(value);
    assert_eq!(paid, Some(json!(["booking", "booking-voucher"])));
}

#[tokio::test(start_paused = true)]
async fn what_comes_after_a_new_step_or_one_of_another_kind_is_done_anew() {
    let world = World::new();
    let executor = Probe::echo();
    let engine = world.engine(&executor).await;
    let source = world.try_start(&engine, chain(), json!({ "n": 1 })).await.unwrap().run;
    world.wait(&engine, source).await;
    let mut between = chain();
    between["steps"][1]["needs"] = json!(["z"]);
    between["steps"][1]["with"] = json!({ "value": "{{ steps.z.output }}b" });
    between["steps"]
        .as_array_mut()
        .unwrap()
        .push(looking("z", &["a"], "{{ steps.a.output }}z"));
    let mut another = chain();
    another["steps"][0] = json!({ "id": "a", "kind": "transform", "with": { "value": 7 } });
    for (definition, expected, output) in [
        (between, vec![true, false, false, true, false], "1zbc1"),
        (another, vec![false, false, false, false], "7bc1"),
    ] {
        let request = ForkRun {
            definition: Some(definition),
            ..from("c")
        };
        let forked = fork(&world, &engine, source, request).await.unwrap().run;
        let view = world.wait(&engine, forked).await;
        assert_eq!((copied(&view), view.output.json()), (expected, &json!(output)));
    }
}

#[tokio::test(start_paused = true)]
async fn an_effect_of_which_nobody_knows_is_repeated_only_if_somebody_says_so() {
    let world = World::new();
    let executor = Probe::new(|attempt, _| async move {
        if attempt.activity.to_string() == "b" && attempt.number == 1 {
            return Outcome::Unknown(StepError::new("reset", "cut"));
        }
        Outcome::Succeeded(value(&attempt))
    });
    let engine = world.engine(&executor).await;
    let source = world.try_start(&engine, chain(), json!({ "n": 1 })).await.unwrap().run;
    assert_eq!(world.wait(&engine, source).await.status, RunStatus::Blocked);
    for step in ["a", "c", "d"] {
        let detail = conflict(fork(&world, &engine, source, from(step)).await);
        assert!(detail.contains("once") && detail.ends_with(": b"), "{detail}");
    }
    assert_eq!(executor.begun().iter().filter(|name| *name == "b").count(), 1);
    let forked = fork(&world, &engine, source, from("b")).await.unwrap().run;
    assert_eq!(copied(&world.wait(&engine, forked).await), [true, false, false, true]);
    let mut without = chain();
    without["steps"][2]["needs"] = json!(["a"]);
    without["steps"][2]["with"] = json!({ "value": "{{ steps.a.output }}" });
    without["steps"].as_array_mut().unwrap().remove(1);
    let request = ForkRun {
        definition: Some(without),
        ..from("c")
    };
    fork(&world, &engine, source, request)
        .await
        .expect("nothing is repeated");
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_is_under_way_is_not_begun_a_second_time_by_a_fork() {
    let world = World::new();
    let executor = Probe::new(|attempt, _| async move {
        if attempt.activity.to_string() == "m[1]" {
            tokio::time::sleep(Duration::from_secs(30)).await;
        }
        Outcome::Succeeded(value(&attempt))
    });
    let engine = world.engine(&executor).await;
    let inner = |kind: &str, effect: &str, with: Value| json!({ "kind": kind, "effect": effect, "with": with });
    let map = |id: &str, step: Value| json!({ "id": id, "kind": "map", "with": { "over": [1, 2], "step": step } });
    let task = json!({ "queue": "q", "payload": 1 });
    let definition = flow(json!([
        map("m", inner("probe", "once", json!({ "value": "x" }))),
        map("r", inner("task", "idempotent", task.clone())),
        { "id": "t", "kind": "task", "with": task },
        probe("last", "read", &["m", "r", "t"]),
    ]));
    let source = world.start(&engine, definition).await;
    world.settle().await;
    let detail = conflict(fork(&world, &engine, source, from("last")).await);
    assert!(detail.ends_with(": m[1], t"), "{detail}");
    let detail = conflict(fork(&world, &engine, source, from("m")).await);
    assert!(detail.ends_with(": t"), "{detail}");
}
