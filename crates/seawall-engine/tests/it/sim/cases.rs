//! Recovery bugs that engines of this kind are known for, each on its own.

use std::sync::Arc;
use std::time::Duration;

use seawall_engine::store::{MessageKey, NewMessage, RunStatus, RunStore as _, StatusSet, TenantId, Turn};
use seawall_engine::{Engine, EngineConfig, EngineError};
use serde_json::json;

use crate::sim::stage::{Stage, step};
use crate::sim::store::Weather;

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

/// A store that goes away while runs are being recovered: in some engines what was claimed and not yet begun is then
/// nobody's.
#[tokio::test(start_paused = true)]
async fn a_store_restart_in_the_middle_of_recovery_strands_no_run() {
    for after in 0..30 {
        for away in [0, 500, 15_000] {
            let stage = Stage::alone(EngineConfig::default());
            let first = stage.start(0).await;
            let engine = first.engine().expect("it is up");
            let mut runs = Vec::new();
            for _ in 0..5 {
                let steps = json!([step("a", "idempotent", 3000), step("b", "once", 3000)]);
                runs.push(stage.run(&engine, steps).await);
            }
            drop(engine);
            seconds(1).await;
            first.kill();
            seconds(1).await;
            stage.fleet.start(0);
            tokio::time::sleep(Duration::from_millis(after)).await;
            stage.database.restart(Duration::from_millis(away));
            seconds(120).await;
            for run in runs {
                // `b` was under way when the process died: that is for a person.
                assert_eq!(
                    stage.status(run),
                    RunStatus::Blocked,
                    "after {after} ms, away {away} ms"
                );
                assert_eq!(stage.began(run, "b"), [1]);
                assert!(stage.began(run, "a").contains(&2), "after {after} ms, away {away} ms");
            }
        }
    }
}

/// A node that recovers a run and is cut off before it begins: meanwhile it is declared dead and somebody else has the
/// run. When it comes back it must not go on with what it has in memory.
#[tokio::test(start_paused = true)]
async fn recovery_does_nothing_for_a_run_that_was_taken_away_meanwhile() {
    for effect in ["once", "idempotent", "read"] {
        let stage = Stage::shared(3);
        let first = stage.start(0).await;
        let engine = first.engine().expect("it is up");
        let nap = json!({ "id": "nap", "kind": "sleep", "with": { "for": "20s" } });
        let mut work = step("work", effect, 100);
        work["needs"] = json!(["nap"]);
        let run = stage.run(&engine, json!([nap, work])).await;
        drop(engine);
        seconds(1).await;
        first.kill();
        // The second one claims the run at its time; what it is told of it comes much too late.
        let second = stage.start(1).await;
        seconds(18).await;
        let before = stage.database.record(run).expect("the run exists").epoch;
        while stage.database.record(run).expect("the run exists").epoch == before {
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        second.part(Duration::from_secs(40));
        let _third = stage.start(2).await;
        seconds(120).await;
        assert_eq!(stage.status(run), RunStatus::Succeeded, "{effect}");
        assert_eq!(stage.began(run, "work"), [3], "{effect}");
    }
}

/// A node that is told to leave while it asks for work: what it claims after that is started by nobody, or cut short.
#[tokio::test(start_paused = true)]
async fn a_draining_node_does_not_claim_again() {
    let stage = Stage::alone(EngineConfig::default());
    let process = stage.start(0).await;
    let engine = process.engine().expect("it is up");
    let nap = json!({ "id": "nap", "kind": "sleep", "with": { "for": "17s" } });
    let run = stage.run(&engine, json!([nap])).await;
    // It takes a while to leave.
    stage.run(&engine, json!([step("long", "once", 40_000)])).await;
    drop(engine);
    seconds(16).await;
    let epoch = stage.database.record(run).expect("the run exists").epoch;
    // It asks what is due, between two comparisons of its memory with the store, and the answer takes its time.
    process.part(Duration::from_secs(3));
    seconds(2).await;
    stage.fleet.shut_down(0, Duration::from_secs(30));
    seconds(60).await;
    assert_eq!(stage.trace.violations(), Vec::<String>::new());
    assert_eq!(stage.database.record(run).expect("the run exists").epoch, epoch);
    assert_eq!(stage.fleet.living(), Vec::<u32>::new(), "it has left");
}

/// One run that cannot go on for a long time keeps others waiting that could.
#[tokio::test(start_paused = true)]
async fn nobody_waits_behind_one_pending_run() {
    let config = EngineConfig {
        max_active_runs: 1,
        ..EngineConfig::default()
    };
    let stage = Stage::alone(config);
    let process = stage.start(0).await;
    let engine = process.engine().expect("it is up");
    let pending = [
        json!({ "id": "hear", "kind": "wait_signal", "with": { "name": "never" } }),
        json!({ "id": "ask", "kind": "approval", "with": { "message": "well?" } }),
        json!({ "id": "nap", "kind": "sleep", "with": { "for": "100h" } }),
    ];
    for waits in pending {
        let waiting = stage.run(&engine, json!([waits])).await;
        let runs = [
            stage.run(&engine, json!([step("a", "once", 100)])).await,
            stage.run(&engine, json!([step("a", "read", 100)])).await,
        ];
        seconds(10).await;
        assert_eq!(stage.status(waiting), RunStatus::Waiting);
        for run in runs {
            assert_eq!(stage.status(run), RunStatus::Succeeded, "{waits}");
        }
    }
}

/// The same for a run whose node is cut off from the store in the middle of it: another node's runs go on.
#[tokio::test(start_paused = true)]
async fn runs_of_other_nodes_do_not_wait_for_one_that_is_cut_off() {
    let stage = Stage::shared(2);
    let (first, second) = (stage.start(0).await, stage.start(1).await);
    let engines = [first.engine().expect("it is up"), second.engine().expect("it is up")];
    let stuck = stage.run(&engines[0], json!([step("a", "idempotent", 1000)])).await;
    first.part(Duration::from_secs(3600));
    let run = stage.run(&engines[1], json!([step("a", "once", 1000)])).await;
    seconds(3).await;
    assert_eq!(stage.status(run), RunStatus::Succeeded);
    // Its lease is over, and somebody else goes on with it.
    seconds(60).await;
    assert_eq!(stage.status(stuck), RunStatus::Succeeded);
}

/// An empty id that counts as none, or as one that everybody shares: the effect happens twice, or never.
#[tokio::test(start_paused = true)]
async fn an_empty_id_is_refused_and_a_repeated_one_counts_once() {
    let stage = Stage::alone(EngineConfig::default());
    let process = stage.start(0).await;
    let engine = process.engine().expect("it is up");
    let mut after = step("after", "once", 10);
    after["needs"] = json!(["hear"]);
    let hear = json!({ "id": "hear", "kind": "wait_signal", "with": { "name": "go" } });
    let run = stage.run(&engine, json!([hear, after])).await;
    for _ in 0..2 {
        let refused = engine.signal(&stage.me, run, "go", Some(""), json!(1)).await;
        assert!(matches!(refused, Err(EngineError::Invalid { .. })), "{refused:?}");
    }
    seconds(10).await;
    assert_eq!(stage.status(run), RunStatus::Waiting);
    let mut taken = Vec::new();
    for _ in 0..3 {
        let sent = engine.signal(&stage.me, run, "go", Some("one"), json!(1)).await;
        taken.extend(sent.ok());
    }
    assert_eq!(taken, [true, false, false]);
    seconds(10).await;
    assert_eq!(stage.began(run, "after"), [1]);
}

/// A creation whose answer is lost and that is asked for again, here or on another node.
#[tokio::test(start_paused = true)]
async fn a_creation_that_is_asked_for_again_executes_once() {
    for lost_after in [0, 1, 2, 3, 5, 8] {
        let stage = Stage::shared(2);
        let (first, second) = (stage.start(0).await, stage.start(1).await);
        let request = Stage::keyed(json!([step("a", "once", 10)]), "once");
        let (again, me) = (request.clone(), stage.me.clone());
        let asking = first.ask(async move |engine: Engine| engine.create_run(&me, request).await.is_ok());
        let answered = tokio::time::timeout(Duration::from_millis(lost_after), asking).await;
        let started = second.ask(async |engine: Engine| engine.create_run(&stage.me, again).await);
        let started = started.await.expect("it is up").expect("it is created");
        seconds(60).await;
        assert_eq!(stage.records().len(), 1, "{answered:?}");
        assert_eq!(stage.began(started.run, "a").len(), 1, "{answered:?}");
    }
}

/// Messages that come faster than they are read: the outcome of an attempt still has its turn among them.
#[tokio::test(start_paused = true)]
async fn attempts_have_their_turn_in_a_flood_of_messages() {
    let stage = Stage::alone(EngineConfig::default());
    let process = stage.start(0).await;
    let engine = process.engine().expect("it is up");
    let mut next = step("b", "idempotent", 10);
    next["needs"] = json!(["a"]);
    let run = stage.run(&engine, json!([step("a", "idempotent", 50), next])).await;
    stage.database.set_weather(Weather { faults: 0, slow: 1000 });
    let (rows, mut sent) = (stage.database.rows(), 0u32);
    while stage.began(run, "b").is_empty() {
        // From another process, so that each one is there before the run has read the last.
        let message = NewMessage {
            turn: Turn::Keep,
            key: MessageKey(format!("noise-{sent}")),
            allowed: StatusSet::live(),
            body: Arc::from(*b"noise"),
        };
        rows.send(&TenantId::default(), run, message)
            .await
            .expect("it is taken");
        tokio::time::sleep(Duration::from_millis(5)).await;
        sent += 1;
        assert!(sent < 10_000, "the attempts wait behind the messages");
    }
}

/// A run that stays for its workers, and an append that takes longer than it stays: a wait that is over again and again
/// would take the processor as long as the store is slow. Time stands still then, so it is watched from outside.
#[test]
fn a_slow_append_of_a_run_that_waits_for_workers_leaves_the_processor_alone() {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build();
        runtime.expect("a runtime without I/O can be made").block_on(async {
            let stage = Stage::shared(1);
            let process = stage.start(0).await;
            let engine = process.engine().expect("it is up");
            let task = json!({ "id": "work", "kind": "task", "with": { "queue": "q", "payload": 1 } });
            stage.run(&engine, json!([task, step("slow", "read", 1000)])).await;
            process.part(Duration::from_secs(6));
            seconds(20).await;
        });
        // Nobody waits any more if that took too long.
        let _ = tell.send(());
    });
    let answer = told.recv_timeout(Duration::from_secs(30));
    assert!(answer.is_ok(), "time stands still");
}
