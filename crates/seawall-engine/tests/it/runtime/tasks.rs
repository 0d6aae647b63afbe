//! Tasks in the hands of workers: honest ones, slow ones, liars and the dead.

use std::time::Duration;

use seawall_engine::store::{RunStatus, StoreOp, TaskLease};
use seawall_engine::{
    ActivityRef, ClaimTasks, EngineError, Resolution, SetQueue, StepId, StepStatus, TaskFailure, TaskOutput, TaskView,
};
use serde_json::json;

use crate::runtime::probe::Probe;
use crate::runtime::workers::{
    LEASE, SECOND, asks, claim, claim_as, claims, complete, conflict, queue, seen, task, why,
};
use crate::runtime::world::{World, flow};

#[tokio::test(start_paused = true)]
async fn what_a_worker_completes_is_the_steps_output() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let mut definition = flow(json!([task("a", "once", &[]), task("b", "once", &["a"])]));
    definition["output"] = json!("{{ [steps.a.output, steps.b.output] }}");
    let run = world.start(&engine, definition).await;
    let first = claim(&world, &engine).await;
    assert_eq!(
        (first.run, first.activity.to_string(), first.attempt),
        (run, "a".to_owned(), 1)
    );
    assert_eq!(&*first.payload, br#"{"of":"a"}"#);
    complete(&world, &engine, &first, json!(1)).await.unwrap();
    let second = claim(&world, &engine).await;
    assert_ne!((first.id, &first.effect_key), (second.id, &second.effect_key));
    complete(&world, &engine, &second, json!(2)).await.unwrap();
    let view = world.wait(&engine, run).await;
    assert_eq!(
        (view.status, view.output.json()),
        (RunStatus::Succeeded, &json!([1, 2]))
    );
    let said = conflict(complete(&world, &engine, &second, json!(3)).await);
    assert!(said.contains("settled already"), "{said}");
    assert_eq!(
        world.events(&engine, run).await[2..6],
        ["step.started", "task.offered", "task.claimed", "step.succeeded"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_waits_is_woken_by_the_offer_and_one_that_is_cut_off_takes_nothing() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let cut_off = tokio::time::sleep(5 * SECOND);
    let queue = queue();
    let gone = engine.claim_tasks(&world.me, &queue, asks("gone"), 60 * SECOND, cut_off);
    assert!(gone.await.unwrap().is_empty());
    let waits = claims(&world, &engine, 60 * SECOND);
    let offers = async {
        tokio::time::sleep(30 * SECOND).await;
        world.start(&engine, flow(json!([task("a", "once", &[])]))).await
    };
    let before = tokio::time::Instant::now();
    let (claimed, run) = tokio::join!(waits, offers);
    assert_eq!(claimed.expect("it was offered").run, run);
    assert_eq!(before.elapsed(), 30 * SECOND, "at once");
    let before = tokio::time::Instant::now();
    assert!(claims(&world, &engine, 7 * SECOND).await.is_none());
    assert_eq!(before.elapsed(), 7 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_task_of_a_vanished_worker_goes_to_another_one_under_the_same_key() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let run = world.start(&engine, flow(json!([task("a", "idempotent", &[])]))).await;
    let first = claim(&world, &engine).await;
    tokio::time::sleep(LEASE - SECOND).await;
    assert!(claims(&world, &engine, Duration::ZERO).await.is_none());
    let before = tokio::time::Instant::now();
    let second = claims(&world, &engine, 60 * SECOND).await.expect("it is offered again");
    assert!(
        before.elapsed() <= SECOND + Duration::from_millis(10),
        "{:?}",
        before.elapsed()
    );
    assert_eq!((second.attempt, &second.effect_key), (2, &first.effect_key));
    let said = conflict(complete(&world, &engine, &first, json!("late")).await);
    assert!(said.contains("settled already"), "{said}");
    let stolen = TaskView {
        lease: first.lease,
        ..second.clone()
    };
    let said = conflict(complete(&world, &engine, &stolen, json!("stolen")).await);
    assert!(said.contains("another lease"), "{said}");
    complete(&world, &engine, &second, json!("done")).await.unwrap();
    let view = world.wait(&engine, run).await;
    assert_eq!(view.steps[0].output.json(), &json!("done"));
    assert_eq!(view.steps[0].attempts, 2);
}

#[tokio::test(start_paused = true)]
async fn a_once_task_of_a_vanished_worker_is_unknown_until_somebody_resolves_it() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let run = world.start(&engine, flow(json!([task("a", "once", &[])]))).await;
    let first = claim(&world, &engine).await;
    let view = world.wait(&engine, run).await;
    assert_eq!(
        (view.status, view.steps[0].status),
        (RunStatus::Blocked, StepStatus::Unknown)
    );
    assert_eq!(view.steps[0].error.as_ref().map(|e| &*e.code), Some("worker-vanished"));
    assert!(claims(&world, &engine, 600 * SECOND).await.is_none(), "never by itself");
    conflict(complete(&world, &engine, &first, json!("late")).await);
    let step = ActivityRef::step(StepId::parse("a").unwrap());
    engine.resolve(&world.me, run, step, Resolution::Retry).await.unwrap();
    let second = claims(&world, &engine, 60 * SECOND).await.expect("it runs again");
    assert_ne!(second.effect_key, first.effect_key);
    complete(&world, &engine, &second, json!(1)).await.unwrap();
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn heartbeats_keep_a_task_and_its_attempt_still_ends_at_its_timeout() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let run = world.start(&engine, flow(json!([task("a", "once", &[])]))).await;
    let mine = claim(&world, &engine).await;
    let mut beats = 0;
    let ended = loop {
        tokio::time::sleep(5 * SECOND).await;
        let progress = json!({ "beats": beats });
        match engine
            .heartbeat_task(&world.me, mine.id, mine.lease, Some(&progress))
            .await
        {
            Ok(beat) => {
                assert!(beat.lease_until <= mine.deadline && !beat.cancelled);
                beats += 1;
            }
            Err(error) => break conflict::<()>(Err(error)),
        }
        let step = &seen(&world, &engine, run).await.steps[0];
        assert_eq!(step.status, StepStatus::Running);
        let worker = step.worker.as_ref().expect("a worker has it");
        assert_eq!((&*worker.name, &worker.progress), ("w", &Some(progress)));
        let why = why(&world, &engine, run).await;
        assert!(why.starts_with("worker w of queue q has it: last heartbeat"), "{why}");
    };
    assert_eq!(
        beats, 12,
        "the last one right at the timeout, before that is said: {ended}"
    );
    let view = world.wait(&engine, run).await;
    assert_eq!(view.steps[0].error.as_ref().map(|e| &*e.code), Some("timeout"));
    assert_eq!(view.status, RunStatus::Blocked);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_fails_says_whether_and_when_to_try_again() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let mut step = task("a", "once", &[]);
    step["retry"] = json!({ "max_attempts": 3, "on": ["busy"], "jitter": "none" });
    let run = world.start(&engine, flow(json!([step]))).await;
    let mine = claim(&world, &engine).await;
    let failure = |code: &str| TaskFailure {
        message: "no".to_owned(),
        code: Some(code.to_owned()),
        retryable: true,
        retry_after: Some(20 * SECOND),
    };
    let refused = engine
        .fail_task(&world.me, mine.id, mine.lease, failure("Not Kebab"))
        .await;
    assert!(matches!(refused, Err(EngineError::Invalid { .. })), "{refused:?}");
    engine
        .fail_task(&world.me, mine.id, mine.lease, failure("busy"))
        .await
        .unwrap();
    let before = tokio::time::Instant::now();
    let again = claims(&world, &engine, 60 * SECOND).await.expect("it is tried again");
    assert!(before.elapsed() >= 20 * SECOND, "{:?}", before.elapsed());
    engine
        .fail_task(&world.me, again.id, again.lease, failure("broken"))
        .await
        .unwrap();
    let view = world.wait(&engine, run).await;
    assert_eq!(
        view.error.map(|error| error.code.to_string()).as_deref(),
        Some("broken")
    );
}

#[tokio::test(start_paused = true)]
async fn an_output_that_is_too_large_is_refused_and_the_task_stays_claimed() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let run = world.start(&engine, flow(json!([task("a", "once", &[])]))).await;
    let mine = claim(&world, &engine).await;
    let large = json!("x".repeat(1024 * 1024));
    let refused = complete(&world, &engine, &mine, large).await;
    assert!(
        matches!(&refused, Err(EngineError::Invalid { pointer, .. }) if pointer == "/output"),
        "{refused:?}"
    );
    let wrong = TaskLease(uuid::Uuid::nil());
    let liar = TaskView {
        lease: wrong,
        ..mine.clone()
    };
    conflict(complete(&world, &engine, &liar, json!(1)).await);
    let huge = json!("x".repeat(17 * 1024));
    let refused = engine.heartbeat_task(&world.me, mine.id, mine.lease, Some(&huge)).await;
    assert!(matches!(refused, Err(EngineError::Invalid { .. })), "{refused:?}");
    complete(&world, &engine, &mine, json!("small")).await.unwrap();
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn several_tasks_are_completed_together_each_on_its_own() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let map = json!({ "id": "m", "kind": "map", "with": { "over": [0, 1, 2], "step": {
        "kind": "task", "with": { "queue": "q", "payload": "{{ item }}" } } } });
    let run = world.start(&engine, flow(json!([map]))).await;
    world.settle().await;
    let all = ClaimTasks { max: 10, ..asks("w") };
    let claimed = claim_as(&world, &engine, all, SECOND).await.unwrap();
    assert_eq!(claimed.len(), 3);
    let output = |place: usize| TaskOutput {
        id: claimed[place].id,
        lease: claimed[place].lease,
        output: json!(place),
    };
    let said = engine
        .complete_tasks(&world.me, vec![output(0), output(1), output(0), output(2)])
        .await;
    let accepted: Vec<bool> = said.iter().map(|(_, said)| said.is_ok()).collect();
    assert_eq!(accepted, [true, true, false, true]);
    let view = world.wait(&engine, run).await;
    assert_eq!(view.steps[0].output.json(), &json!([0, 1, 2]));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_takes_back_what_nobody_has_and_tells_the_others() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let run = world
        .start(
            &engine,
            flow(json!([task("a", "once", &[]), task("b", "idempotent", &[])])),
        )
        .await;
    let mine = claim(&world, &engine).await;
    engine.cancel(&world.me, run).await.unwrap();
    let view = seen(&world, &engine, run).await;
    assert_eq!(view.status, RunStatus::Waiting, "a worker has one of them still");
    assert_eq!(view.steps[1].status, StepStatus::Cancelled);
    assert!(claims(&world, &engine, Duration::ZERO).await.is_none());
    assert!(why(&world, &engine, run).await.contains("was told to stop"));
    let beat = engine
        .heartbeat_task(&world.me, mine.id, mine.lease, None)
        .await
        .unwrap();
    assert!(beat.cancelled);
    complete(&world, &engine, &mine, json!("done all the same"))
        .await
        .unwrap();
    let view = world.wait(&engine, run).await;
    assert_eq!(
        (view.status, view.steps[0].status),
        (RunStatus::Cancelled, StepStatus::Succeeded)
    );
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_ignores_a_cancel_is_waited_for_until_its_grace_is_over() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let run = world.start(&engine, flow(json!([task("a", "read", &[])]))).await;
    let long = ClaimTasks {
        lease_for: 3600 * SECOND,
        ..asks("w")
    };
    assert_eq!(claim_as(&world, &engine, long, SECOND).await.unwrap().len(), 1);
    engine.cancel(&world.me, run).await.unwrap();
    let before = tokio::time::Instant::now();
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Cancelled);
    assert!(before.elapsed() <= 31 * SECOND, "{:?}", before.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_map_shows_that_workers_are_at_it_and_why_tells_of_each_item() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let map = json!({ "id": "m", "kind": "map", "with": { "over": [0, 1], "step": {
        "kind": "task", "effect": "read", "with": { "queue": "q", "payload": "{{ item }}" } } } });
    let run = world.start(&engine, flow(json!([map]))).await;
    assert_eq!(seen(&world, &engine, run).await.steps[0].status, StepStatus::Waiting);
    claim(&world, &engine).await;
    let step = &seen(&world, &engine, run).await.steps[0];
    assert_eq!(
        (step.status, step.items, step.worker.is_some()),
        (StepStatus::Running, Some((0, 2)), false)
    );
    let reasons = engine.why(&world.me, run).await.unwrap();
    let told: Vec<(Option<u32>, bool)> = reasons
        .iter()
        .filter(|reason| reason.kind == "task")
        .map(|reason| {
            (
                reason.item,
                reason.detail.contains("worker w of queue q has it: claimed"),
            )
        })
        .collect();
    assert_eq!(told, [(Some(0), true), (Some(1), false)]);
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_a_rate_are_let_through_one_by_one_and_not_woken_all() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let set = SetQueue {
        rate: Some("10/s".to_owned()),
        ..SetQueue::default()
    };
    engine.set_queue(&world.me, &queue(), set, None).await.unwrap();
    for _ in 0..100 {
        world.start(&engine, flow(json!([task("a", "read", &[])]))).await;
    }
    world.settle().await;
    let ops = [StoreOp::ClaimTasks, StoreOp::NextClaimable];
    let before = ops.map(|op| world.calls.of(op));
    let begun = tokio::time::Instant::now();
    let polls = (0..100).map(|_| claim_as(&world, &engine, asks("w"), 30 * SECOND));
    let got = futures_util::future::join_all(polls).await;
    assert!(got.into_iter().all(|got| got.unwrap().len() == 1));
    assert!(begun.elapsed() < 10 * SECOND, "{:?}", begun.elapsed());
    let calls: Vec<_> = ops
        .into_iter()
        .zip(before)
        .map(|(op, before)| world.calls.of(op) - before)
        .collect();
    // Each looks when it comes, and when it is its turn.
    assert!(calls[0] <= 220 && calls[1] <= 20, "{calls:?} claims and looks");
}

#[tokio::test(start_paused = true)]
async fn why_tells_what_of_its_queue_keeps_a_task() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let keyed = |id: &str| {
        let mut keyed = task(id, "read", &[]);
        keyed["with"]["key"] = json!("k");
        keyed
    };
    let run = world.start(&engine, flow(json!([keyed("a"), keyed("b")]))).await;
    let limited = async |set: SetQueue| {
        engine.set_queue(&world.me, &queue(), set, None).await.unwrap();
        world.settle().await;
        let reasons = engine.why(&world.me, run).await.unwrap();
        let of_b = reasons
            .into_iter()
            .find(|reason| reason.step.as_ref().is_some_and(|id| id.as_str() == "b"));
        let of_b = of_b.expect("it waits");
        assert_eq!(of_b.kind, "task");
        let (waits, held) = of_b.detail.split_once('Z').expect("since when");
        assert!(waits.starts_with("waits for a worker of queue q since "), "{waits}");
        (held.to_owned(), of_b.until)
    };
    assert_eq!(limited(SetQueue::default()).await, (String::new(), None));
    let paused = SetQueue {
        paused: true,
        ..SetQueue::default()
    };
    assert_eq!(limited(paused.clone()).await.0, "; queue q is paused");
    let slow = SetQueue {
        rate: Some("1/min".to_owned()),
        ..SetQueue::default()
    };
    limited(slow.clone()).await;
    assert_eq!(claim(&world, &engine).await.activity.to_string(), "a");
    let (held, until) = limited(slow.clone()).await;
    assert!(held.starts_with("; its rate lets the next one go at "), "{held}");
    assert!(until.is_some());
    let one = SetQueue {
        concurrency: Some(1),
        ..slow.clone()
    };
    assert_eq!(limited(one.clone()).await, ("; queue q runs 1 of 1".to_owned(), None));
    let of_key = SetQueue {
        concurrency_per_key: Some(1),
        ..SetQueue::default()
    };
    assert_eq!(limited(of_key).await.0, "; queue q runs 1 of 1 of its key \"k\"");
    let both = SetQueue {
        concurrency_per_key: Some(1),
        paused: true,
        ..one
    };
    assert_eq!(
        limited(both).await.0,
        "; queue q is paused; queue q runs 1 of 1; queue q runs 1 of 1 of its key \"k\""
    );
}
