//! Flows of each kind, end to end.

use std::time::Duration;

use seawall_engine::store::{ApprovalFilter, ApprovalStatus, Fault, Page, RunStatus, StoreOp};
use seawall_engine::{EngineError, IdempotentRequest, StepStatus};
use serde_json::json;

use crate::runtime::probe::Probe;
use crate::runtime::world::{World, chain, flow, probe};

#[tokio::test(start_paused = true)]
async fn a_chain_of_pure_steps_is_durable_with_its_creation() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let view = world.run(&engine, chain(10, "pure")).await;
    assert_eq!(view.status, RunStatus::Succeeded);
    assert_eq!(view.output.json(), &json!(9));
    world.settle().await;
    // One for the whole flow; nobody holds it afterwards.
    let commits = (world.calls.of(StoreOp::CreateRun), world.calls.of(StoreOp::Append));
    assert_eq!(commits, (1, 0));
}

#[tokio::test(start_paused = true)]
async fn ten_idempotent_steps_take_eleven_commits() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let view = world.run(&engine, chain(10, "idempotent")).await;
    assert_eq!(view.status, RunStatus::Succeeded);
    let commits = (world.calls.of(StoreOp::CreateRun), world.calls.of(StoreOp::Append));
    assert_eq!(commits, (1, 10));
    assert_eq!(world.events(&engine, view.id).await.len(), 23);
}

#[tokio::test(start_paused = true)]
async fn a_long_chain_of_pure_steps_keeps_its_bound_and_ends() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let view = world.run(&engine, chain(900, "pure")).await;
    assert_eq!(view.status, RunStatus::Succeeded);
    assert!(world.calls.of(StoreOp::Append) >= 900 * 2 / 256);
}

#[tokio::test(start_paused = true)]
async fn a_map_runs_its_items_and_collects_their_outputs() {
    let world = World::new();
    let executor = Probe::echo();
    let engine = world.engine(&executor).await;
    let definition = flow(json!([
        { "id": "all", "kind": "map", "with": {
            "over": "{{ range(40) | list }}", "as": "n", "max_parallel": 8,
            "step": { "kind": "probe", "with": { "value": "{{ n * 2 }}" }, "effect": "read" } } },
    ]));
    let view = world.run(&engine, definition).await;
    assert_eq!(view.status, RunStatus::Succeeded, "{:?}", view.error);
    assert_eq!(view.steps[0].items, Some((40, 40)));
    assert_eq!(view.steps[0].output.json()[39], json!(78));
    assert_eq!(executor.begun().len(), 40);
}

#[tokio::test(start_paused = true)]
async fn a_child_run_gives_its_output_to_its_parent() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let mut child = flow(json!([{ "id": "double", "kind": "transform", "with": { "value": "{{ input * 2 }}" } }]));
    child["name"] = json!("child");
    child["output"] = json!("{{ steps.double.output }}");
    engine.create_workflow(&world.me, &child).await.unwrap();
    let mut parent = flow(json!([{ "id": "ask", "kind": "workflow", "with": { "workflow": "child", "input": 21 } }]));
    parent["output"] = json!("{{ steps.ask.output }}");
    let view = world.run(&engine, parent).await;
    assert_eq!((view.status, view.output.json()), (RunStatus::Succeeded, &json!(42)));
}

#[tokio::test(start_paused = true)]
async fn a_child_whose_workflow_does_not_exist_fails_its_step() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let parent = flow(json!([{ "id": "ask", "kind": "workflow", "with": { "workflow": "nobody" } }]));
    let view = world.run(&engine, parent).await;
    assert_eq!(view.status, RunStatus::Failed);
    assert_eq!(&*view.error.unwrap().code, "workflow-not-found");
}

#[tokio::test(start_paused = true)]
async fn an_input_that_the_childs_workflow_does_not_take_fails_the_step_at_once() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let mut child = flow(json!([{ "id": "hear", "kind": "wait_signal", "with": { "name": "never" } }]));
    child["name"] = json!("child");
    child["input"] = json!({ "type": "object", "required": ["root"], "properties": { "root": { "type": "string" } } });
    engine.create_workflow(&world.me, &child).await.unwrap();
    for (input, place) in [
        (json!({}), "/input/root"),
        (json!({ "root": "{{ 6 * 7 }}" }), "/input/root"),
    ] {
        let with = json!({ "workflow": "child", "input": input });
        let view = world
            .run(
                &engine,
                flow(json!([{ "id": "ask", "kind": "workflow", "with": with }])),
            )
            .await;
        assert_eq!(view.status, RunStatus::Failed);
        let error = view.error.unwrap();
        assert_eq!(&*error.code, "input-invalid");
        let message = error.message.as_deref().unwrap();
        assert!(message.contains(place), "{message}");
    }
    let runs = engine
        .list_runs(&world.me, Default::default(), Page::first(10))
        .await
        .unwrap();
    assert!(runs.items.iter().all(|run| run.parent.is_none()), "no child was made");
    assert_eq!(runs.items.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_decision_settles_an_approval_once() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let mut definition = flow(json!([{ "id": "ok", "kind": "approval", "with": { "message": "Go?" } }]));
    definition["output"] = json!("{{ steps.ok.output.decision }}");
    let view = world.run(&engine, definition).await;
    assert_eq!(view.status, RunStatus::Waiting);
    let open = engine
        .list_approvals(&world.me, ApprovalFilter::default(), Page::first(10))
        .await
        .unwrap();
    let id = open.items[0].id;
    let record = engine
        .decide(&world.me, id, true, Some("fine".to_owned()))
        .await
        .unwrap();
    assert_eq!(record.status, ApprovalStatus::Approved);
    assert_eq!(record.comment.as_deref(), Some("fine"));
    let again = engine
        .decide(&world.me, id, true, Some("twice".to_owned()))
        .await
        .unwrap();
    assert_eq!(again, record, "the same once more changes nothing");
    let other = engine.decide(&world.me, id, false, None).await;
    assert!(
        matches!(&other, Err(EngineError::Conflict { detail, .. }) if detail.contains("approved already by")),
        "{other:?}"
    );
    let view = world.wait(&engine, view.id).await;
    assert_eq!(view.status, RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_decision_that_nobody_has_taken_yet_can_be_said_again_and_not_changed() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let ask = flow(json!([{ "id": "ok", "kind": "approval", "with": { "message": "Go?" } }]));
    let run = world.run(&engine, ask).await.id;
    let open = engine
        .list_approvals(&world.me, ApprovalFilter::default(), Page::first(10))
        .await
        .unwrap();
    let id = open.items[0].id;
    // Nobody takes anything for a while.
    world
        .calls
        .fail(|point| (point.op == StoreOp::Claim).then_some(Fault::BeforeWrite));
    for _ in 0..2 {
        let record = engine.decide(&world.me, id, true, None).await.unwrap();
        assert_eq!(record.status, ApprovalStatus::Pending);
    }
    let other = engine.decide(&world.me, id, false, None).await;
    assert!(
        matches!(&other, Err(EngineError::Conflict { detail, .. }) if detail.contains("other decision")),
        "{other:?}"
    );
    world.calls.heal();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(engine.run(&world.me, run).await.unwrap().status, RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_fail_step_fails_the_run_with_its_message() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let definition = flow(json!([{ "id": "no", "kind": "fail", "with": { "message": "not today" } }]));
    let view = world.run(&engine, definition).await;
    assert_eq!(view.status, RunStatus::Failed);
    assert!(view.error.unwrap().message.unwrap().contains("not today"));
}

#[tokio::test(start_paused = true)]
async fn the_same_idempotency_key_gives_the_same_run() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let digest = |text: &str| seawall_engine::store::Digest::of(text.as_bytes());
    let request = |fingerprint: &str| seawall_engine::CreateRun {
        workflow: seawall_engine::WorkflowSource::Inline(chain(1, "pure")),
        input: json!(null),
        priority: None,
        idempotency: Some(IdempotentRequest {
            key: digest("key"),
            fingerprint: digest(fingerprint),
        }),
    };
    let first = engine.create_run(&world.me, request("a")).await.unwrap();
    let second = engine.create_run(&world.me, request("a")).await.unwrap();
    assert_eq!((second.run, second.replayed), (first.run, true));
    assert_eq!(second.status, RunStatus::Succeeded);
    let other = engine.create_run(&world.me, request("b")).await;
    assert!(matches!(other, Err(EngineError::IdempotencyKeyReused)));
    world.settle().await;
    assert_eq!(world.in_memory(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_input_that_does_not_fit_is_refused_before_anything_exists() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let mut definition = chain(1, "pure");
    definition["input"] = json!({ "type": "object", "required": ["root"] });
    let refused = world.try_start(&engine, definition, json!({})).await;
    assert!(matches!(refused, Err(EngineError::InvalidInput(_))), "{refused:?}");
    let deep = (0..70).fold(json!(null), |inner, _| json!([inner]));
    let refused = world.try_start(&engine, chain(1, "pure"), deep).await;
    assert!(matches!(refused, Err(EngineError::InvalidInput(_))), "{refused:?}");
    assert_eq!(world.calls.of(StoreOp::CreateRun), 0);
}

#[tokio::test(start_paused = true)]
async fn a_run_beyond_the_capacity_waits_in_the_store_and_runs_later() {
    let mut world = World::new();
    world.config.max_active_runs = 2;
    let executor = Probe::new(|_, _| async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        seawall_engine::Outcome::Succeeded(json!(1))
    });
    let engine = world.engine(&executor).await;
    let mut runs = Vec::new();
    for _ in 0..5 {
        runs.push(world.start(&engine, flow(json!([probe("a", "read", &[])]))).await);
    }
    world.settle().await;
    assert_eq!(executor.begun().len(), 2);
    for run in runs {
        let view = world.wait(&engine, run).await;
        assert_eq!(view.status, RunStatus::Succeeded);
        assert_eq!(view.steps[0].status, StepStatus::Succeeded);
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_engine_writes_nothing_and_wakes_up_again() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    world.run(&engine, chain(1, "idempotent")).await;
    let before = [StoreOp::Renew, StoreOp::Claim, StoreOp::Register, StoreOp::BuryExpired].map(|op| world.calls.of(op));
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let after = [StoreOp::Renew, StoreOp::Claim, StoreOp::Register, StoreOp::BuryExpired].map(|op| world.calls.of(op));
    assert_eq!(before, after);
    let view = world.run(&engine, chain(3, "idempotent")).await;
    assert_eq!(view.status, RunStatus::Succeeded);
}
