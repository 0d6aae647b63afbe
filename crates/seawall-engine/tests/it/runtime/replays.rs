//! Real runs, written down and replayed: as they were, and with another definition.

use std::time::Duration;

use seawall_engine::store::{ApprovalFilter, Page, RunId, RunStatus};
use seawall_engine::{
    Comparison, Engine, EngineError, FindingKind, Outcome, RunDocument, StepError, Verdict, compile, replay,
    replay_changed,
};
use serde_json::{Value, json};

use crate::runtime::probe::{Probe, value};
use crate::runtime::world::{World, flow, probe};

async fn document(world: &World, engine: &Engine, run: RunId) -> RunDocument {
    let export = engine.export(&world.me, run).await.expect("it can be exported");
    RunDocument::read(&export.bytes).expect("it can be read")
}

/// Runs `definition` and replays it with `changed`.
async fn compared(definition: Value, changed: Value) -> Comparison {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let run = world.start(&engine, definition).await;
    led(&world, &engine, run).await;
    with(&world, &engine, run, &changed).await
}

async fn with(world: &World, engine: &Engine, run: RunId, changed: &Value) -> Comparison {
    let changed = compile(changed, engine.registry()).expect("the definition is valid");
    let document = document(world, engine, run).await;
    replay_changed(&document, engine.registry(), &changed.into()).expect("the document fits")
}

/// Decides what it asks, sends one signal `go`, and waits for its end.
async fn led(world: &World, engine: &Engine, run: RunId) {
    engine.signal(&world.me, run, "go", None, json!("on")).await.ok();
    for _ in 0..10 {
        if world.wait(engine, run).await.status.is_terminal() {
            return;
        }
        let open = engine
            .list_approvals(&world.me, ApprovalFilter::default(), Page::first(10))
            .await
            .expect("a list");
        for approval in open.items {
            engine.decide(&world.me, approval.id, true, None).await.ok();
        }
    }
    panic!("the run does not end");
}

fn kinds(comparison: &Comparison) -> Vec<(FindingKind, &str)> {
    let kind = |finding: &'_ seawall_engine::Finding| finding.kind;
    let list = comparison.findings.iter();
    list.map(|finding| (kind(finding), &*finding.message)).collect()
}

#[track_caller]
fn only(comparison: &Comparison, kind: FindingKind, message: &str) {
    assert_eq!(kinds(comparison), [(kind, message)]);
}

/// Every kind of step.
fn everything() -> Value {
    let mut all = flow(json!([
        probe("act", "once", &[]),
        { "id": "text", "kind": "transform", "needs": ["act"], "with": { "value": "{{ steps.act.output }}!" } },
        { "id": "each", "kind": "map", "needs": ["act"], "with": {
            "over": [1, 2, 3], "as": "n", "max_parallel": 2,
            "step": { "kind": "probe", "with": { "value": "{{ n * 2 }}" }, "effect": "read" } } },
        { "id": "nap", "kind": "sleep", "needs": ["each"], "with": { "for": "10m" } },
        { "id": "hear", "kind": "wait_signal", "needs": ["nap"], "with": { "name": "go" } },
        { "id": "ask", "kind": "approval", "needs": ["hear"], "with": { "message": "Go?" }, "timeout": "1h" },
        { "id": "part", "kind": "workflow", "needs": ["ask"], "with": { "workflow": "part", "input": { "n": 21 } } },
        { "id": "maybe", "kind": "transform", "needs": ["part"], "when": "{{ steps.part.output > 50 }}", "with": { "value": 1 } },
    ]));
    all["output"] = json!("{{ steps.part.output }}");
    all
}

async fn everything_ran() -> (World, Engine, RunId) {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let mut part = flow(json!([{ "id": "double", "kind": "transform", "with": { "value": "{{ input.n * 2 }}" } }]));
    part["name"] = json!("part");
    part["output"] = json!("{{ steps.double.output }}");
    engine.create_workflow(&world.me, &part).await.unwrap();
    let run = world.start(&engine, everything()).await;
    led(&world, &engine, run).await;
    (world, engine, run)
}

#[tokio::test(start_paused = true)]
async fn a_real_run_with_every_kind_of_step_replays_identically_and_so_does_its_child() {
    let (world, engine, run) = everything_ran().await;
    let document = document(&world, &engine, run).await;
    assert_eq!(replay(&document, engine.registry()).unwrap(), Verdict::Identical);
    assert_eq!((document.run.id, document.run.status), (run, RunStatus::Succeeded));
    let child = self::document(&world, &engine, document.children[0]).await;
    assert_eq!(child.run.parent.as_ref().unwrap().run, run);
    assert_eq!(replay(&child, engine.registry()).unwrap(), Verdict::Identical);
    let same = with(&world, &engine, run, &everything()).await;
    assert_eq!(kinds(&same), []);
}

#[tokio::test(start_paused = true)]
async fn each_change_is_told_in_the_words_of_its_author() {
    use FindingKind as K;
    let (world, engine, run) = everything_ran().await;
    type Found = Vec<(FindingKind, &'static str)>;
    let cases: [(&str, Value, Found); 9] = [
        ("/description", json!("only words"), vec![]),
        (
            "/steps/1/with/value",
            json!("{{ steps.act.output }}?"),
            vec![(
                K::OutputDiffers,
                "the output of step `text` differs: it was \"act!\", now \"act?\"",
            )],
        ),
        (
            "/steps/0/with/value",
            json!("other"),
            vec![(
                K::RequestChanged,
                "step `act` would send another request: /value was \"act\", now \"other\"",
            )],
        ),
        (
            "/steps/3/with/for",
            json!("5m"),
            vec![(K::WaitsOtherwise, "step `nap` would sleep for 300s, not for 600s")],
        ),
        (
            "/steps/4/with/name",
            json!("stop"),
            vec![(K::NeedsSignal, "step `hear` would need another signal \"stop\"")],
        ),
        (
            "/steps/5/with/message",
            json!("Stop?"),
            vec![(
                K::AsksOtherwise,
                "step `ask` would ask something else: /message was \"Go?\", now \"Stop?\"",
            )],
        ),
        (
            "/steps/6/with/input/n",
            json!(22),
            vec![(
                K::RequestChanged,
                "step `part` would start its run with another input: /n was 21, now 22",
            )],
        ),
        (
            "/steps/7/when",
            json!("{{ steps.part.output < 50 }}"),
            vec![(K::RunsOtherwise, "step `maybe` was skipped, and would run: succeeded")],
        ),
        (
            "/output",
            json!("{{ steps.text.output }}"),
            vec![(
                K::OutputDiffers,
                "the output of the run differs: it was 42, now \"act!\"",
            )],
        ),
    ];
    for (pointer, value, expected) in cases {
        let mut changed = everything();
        match changed.pointer_mut(pointer) {
            Some(place) => *place = value,
            None => changed["description"] = value,
        }
        assert_eq!(
            kinds(&with(&world, &engine, run, &changed).await),
            expected,
            "{pointer}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn steps_that_are_new_gone_or_elsewhere() {
    let two = flow(json!([probe("a", "once", &[]), probe("b", "once", &["a"])]));
    // No order between them: each still finds its answer.
    let parallel = flow(json!([probe("b", "once", &[]), probe("a", "once", &[])]));
    assert_eq!(kinds(&compared(two.clone(), parallel).await), []);
    let more = flow(json!([
        probe("a", "once", &[]),
        probe("b", "once", &["a"]),
        probe("notify", "once", &["b"])
    ]));
    let comparison = compared(two.clone(), more).await;
    only(
        &comparison,
        FindingKind::NoAnswer,
        "step `notify` is new: there is no recorded answer, and the replay of this run stops there",
    );
    assert_eq!(
        (comparison.recorded, comparison.replayed),
        (RunStatus::Succeeded, RunStatus::Running)
    );
    let fewer = flow(json!([probe("a", "once", &[])]));
    let gone = "step `b` no longer runs: the definition does not have it";
    only(&compared(two, fewer).await, FindingKind::RunsOtherwise, gone);
}

#[tokio::test(start_paused = true)]
async fn an_input_that_the_changed_schema_refuses_is_told() {
    let mut changed = flow(json!([probe("a", "once", &[])]));
    let definition = changed.clone();
    changed["input"] = json!({ "type": "object" });
    let comparison = compared(definition, changed).await;
    let [(FindingKind::InputRefused, message)] = kinds(&comparison)[..] else {
        panic!("{comparison:?}");
    };
    assert!(
        message.starts_with("the run's input would be refused: /input: "),
        "{message}"
    );
}

#[tokio::test(start_paused = true)]
async fn another_retry_policy_asks_for_attempts_that_were_never_made() {
    let world = World::new();
    let executor = Probe::new(|attempt, _| async move {
        match value(&attempt) {
            Value::String(text) if text == "b" => Outcome::Failed(StepError::new("busy", "not now")),
            value => Outcome::Succeeded(value),
        }
    });
    let engine = world.engine(&executor).await;
    let of = |attempts: u32| {
        let mut b = probe("b", "read", &[]);
        b["retry"] = json!({ "max_attempts": attempts });
        flow(json!([b]))
    };
    let run = world.start(&engine, of(2)).await;
    led(&world, &engine, run).await;
    assert_eq!(kinds(&with(&world, &engine, run, &of(2)).await), []);
    let more = with(&world, &engine, run, &of(3)).await;
    let message = "step `b` would be attempted again: the record has no answer to a further attempt";
    assert_eq!(kinds(&more)[0], (FindingKind::NoAnswer, message));
    // With fewer the run fails as it did, only sooner.
    assert_eq!(kinds(&with(&world, &engine, run, &of(1)).await), []);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_would_have_been_over_before_its_answer_ends_otherwise() {
    let asks = |timeout: &str| {
        flow(json!([{ "id": "ask", "kind": "approval", "with": { "message": "?" }, "timeout": timeout }]))
    };
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let run = world.start(&engine, asks("1h")).await;
    tokio::time::sleep(Duration::from_secs(1800)).await;
    led(&world, &engine, run).await;
    assert_eq!(kinds(&with(&world, &engine, run, &asks("45m")).await), []);
    let late = with(&world, &engine, run, &asks("10m")).await;
    assert_eq!(late.replayed, RunStatus::Failed);
    let first =
        "step `ask` would end otherwise: failed with [approval-timeout] \"nobody decided in time\", not succeeded";
    assert_eq!(kinds(&late)[0], (FindingKind::EndsOtherwise, first));
    assert_eq!(late.findings[1].kind, FindingKind::RunDiffers);
}

#[tokio::test(start_paused = true)]
async fn a_run_under_way_is_exported_as_far_as_it_is() {
    let world = World::new();
    let engine = world.engine(&Probe::deaf()).await;
    let definition = flow(json!([probe("a", "once", &[]), probe("b", "read", &[])]));
    let run = world.start(&engine, definition.clone()).await;
    world.settle().await;
    let document = document(&world, &engine, run).await;
    assert_eq!(document.run.status, RunStatus::Running);
    assert_eq!(replay(&document, engine.registry()).unwrap(), Verdict::Identical);
    assert_eq!(kinds(&with(&world, &engine, run, &definition).await), []);
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_child_was_refused_replays_without_its_definition() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let mut child = flow(json!([{ "id": "one", "kind": "transform", "with": { "value": 1 } }]));
    child["name"] = json!("child");
    child["input"] = json!({ "type": "string" });
    engine.create_workflow(&world.me, &child).await.unwrap();
    let call = |id: &str, input: Value| {
        let with = json!({ "workflow": "child", "input": input });
        json!({ "id": id, "kind": "workflow", "on_error": "continue", "with": with })
    };
    let definition = flow(json!([call("taken", json!("text")), call("refused", json!(1))]));
    let view = world.run(&engine, definition.clone()).await;
    let codes: Vec<_> = view
        .steps
        .iter()
        .map(|step| step.error.as_ref().map(|error| &*error.code))
        .collect();
    assert_eq!(codes, [None, Some("input-invalid")]);
    let document = document(&world, &engine, view.id).await;
    assert_eq!(replay(&document, engine.registry()).unwrap(), Verdict::Identical);
    assert_eq!(kinds(&with(&world, &engine, view.id, &definition).await), []);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_not_there_cannot_be_exported() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let missing = engine.export(&world.me, RunId::generate()).await;
    assert!(matches!(missing, Err(EngineError::NotFound("run"))), "{missing:?}");
}
