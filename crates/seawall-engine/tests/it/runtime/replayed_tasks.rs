//! Recorded tasks and flow control against a changed definition.

use seawall_engine::store::RunId;
use seawall_engine::{Engine, FindingKind, RunDocument, compile, replay_changed};
use serde_json::{Value, json};

use crate::runtime::probe::Probe;
use crate::runtime::workers::{LEASE, claims, complete, task};
use crate::runtime::world::{World, flow};

/// A worker does every task, whatever it is, until the run has ended.
async fn worked(world: &World, engine: &Engine, definition: Value) -> RunId {
    let run = world.start(engine, definition).await;
    while let Some(task) = claims(world, engine, LEASE).await {
        complete(world, engine, &task, json!("done")).await.unwrap();
    }
    assert!(world.wait(engine, run).await.status.is_terminal());
    run
}

struct Recorded {
    document: RunDocument,
    engine: Engine,
    definition: Value,
}

impl Recorded {
    async fn of(definition: Value) -> Self {
        let world = World::new();
        let engine = world.engine(&Probe::echo()).await;
        let run = worked(&world, &engine, definition.clone()).await;
        let export = engine.export(&world.me, run).await.unwrap();
        let document = RunDocument::read(&export.bytes).unwrap();
        Self {
            document,
            engine,
            definition,
        }
    }

    /// What is found with these places of the definition changed.
    fn with(&self, changes: &[(&str, &str, Value)]) -> Vec<(FindingKind, String)> {
        let mut changed = self.definition.clone();
        for (object, field, value) in changes {
            changed.pointer_mut(object).expect("the place is there")[field] = value.clone();
        }
        let changed = compile(&changed, self.engine.registry()).expect("the definition is valid");
        let comparison = replay_changed(&self.document, self.engine.registry(), &changed.into()).unwrap();
        let list = comparison.findings.into_iter();
        list.map(|finding| (finding.kind, finding.message)).collect()
    }

    #[track_caller]
    fn finds(&self, change: (&str, &str, Value), kind: FindingKind, message: &str) {
        assert_eq!(self.with(&[change]), [(kind, message.to_owned())]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_task_is_not_taken_for_that_of_another_one() {
    use FindingKind::{RequestChanged, WaitsOtherwise};
    for effect in ["once", "idempotent"] {
        let recorded = Recorded::of(flow(json!([task("a", effect, &[])]))).await;
        let with = "/steps/0/with";
        assert_eq!(recorded.with(&[]), []);
        recorded.finds(
            (with, "payload", json!({ "of": "b" })),
            RequestChanged,
            "step `a` would offer another task: /payload/of was \"a\", now \"b\"",
        );
        recorded.finds(
            (with, "queue", json!("z")),
            RequestChanged,
            "step `a` would offer another task: /queue was \"q\", now \"z\"",
        );
        // The worker would get the same, and say the same.
        recorded.finds(
            (with, "priority", json!(5)),
            WaitsOtherwise,
            "the task of step `a` would wait in its queue otherwise: /priority was 0, now 5",
        );
        let both = [(with, "payload", json!(1)), (with, "queue", json!("z"))];
        let both = recorded.with(&both);
        assert_eq!(both.len(), 1, "{both:?}");
        assert!(
            both[0].1.contains("/queue was") && both[0].1.contains("/payload was"),
            "{both:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_map_over_another_list_offers_other_tasks() {
    let each = json!({ "kind": "task", "with": { "queue": "q", "payload": "{{ item }}" } });
    let map = json!({ "id": "m", "kind": "map", "with": { "over": [1, 2], "step": each } });
    let recorded = Recorded::of(flow(json!([map]))).await;
    assert_eq!(recorded.with(&[]), []);
    let swapped = recorded.with(&[("/steps/0/with", "over", json!([1, 3]))]);
    let message = "step `m[1]` would offer another task: /payload was 2, now 3";
    assert_eq!(swapped, [(FindingKind::RequestChanged, message.to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn another_task_that_undoes_is_told_as_well() {
    let mut undoable = task("a", "once", &[]);
    undoable["compensate"] = json!({ "kind": "task", "with": { "queue": "q", "payload": 100 } });
    let fails = json!({ "id": "f", "kind": "fail", "needs": ["a"], "with": { "message": "no" } });
    let recorded = Recorded::of(flow(json!([undoable, fails]))).await;
    assert_eq!(recorded.with(&[]), []);
    recorded.finds(
        ("/steps/0/compensate/with", "payload", json!(999)),
        FindingKind::RequestChanged,
        "step `a.compensate` would offer another task: /payload was 100, now 999",
    );
}

#[tokio::test(start_paused = true)]
async fn an_input_that_has_no_place_in_the_changed_flow_control_is_refused() {
    let recorded = Recorded::of(flow(json!([task("a", "once", &[])]))).await;
    assert_eq!(recorded.with(&[("", "priority", json!(5))]), []);
    assert_eq!(
        recorded.with(&[("", "concurrency", json!({ "limit": 1, "key": "one" }))]),
        []
    );
    for (field, value, pointer) in [
        (
            "concurrency",
            json!({ "limit": 1, "key": "{{ input.zz }}" }),
            "/concurrency/key",
        ),
        ("priority", json!("{{ input.zz }}"), "/priority"),
        (
            "debounce",
            json!({ "period": "5s", "key": "{{ input.zz }}" }),
            "/debounce/key",
        ),
    ] {
        let found = recorded.with(&[("", field, value)]);
        let [(FindingKind::InputRefused, message)] = &found[..] else {
            panic!("{found:?}");
        };
        let begin = format!("the run's input would be refused: {pointer}: ");
        assert!(message.starts_with(&begin), "{message}");
    }
}
