use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use seawall_store::{QueueName, RunStatus};
use serde_json::{Value, json};

use super::kit::{LEASE, START, Subject, activity, error, names, with};
use crate::core::command::{Command, Message, TaskEnd, TaskEnded};
use crate::core::event::{Event, Resolution};
use crate::core::state::{StepStatus, Wait};
use crate::datum::Datum;
use crate::executor::StepError;
use crate::names::EffectKey;
use crate::replay::{Replay, Verdict};

const SECOND: Duration = Duration::from_secs(1);

fn task(id: &str, effect: &str) -> Value {
    json!({ "id": id, "kind": "task", "effect": effect, "with": { "queue": "q", "payload": { "n": 1 } } })
}

fn completed() -> TaskEnd {
    TaskEnd::Completed(Datum::new(json!("done")))
}

fn silent() -> TaskEnd {
    TaskEnd::Lapsed {
        timed_out: false,
        deadline: None,
    }
}

fn timed_out() -> TaskEnd {
    TaskEnd::Lapsed {
        timed_out: true,
        deadline: None,
    }
}

fn failure(events: &[Event]) -> &StepError {
    let failed = |event: &'_ Event| matches!(event, Event::StepFailed { .. });
    match events.iter().find(|event| failed(event)) {
        Some(Event::StepFailed { error, .. }) => error,
        _ => panic!("{events:?}"),
    }
}

#[test]
fn a_task_is_offered_and_what_its_worker_says_is_the_output() {
    let mut run = Subject::of(&json!({ "name": "w", "steps": [
        { "id": "a", "kind": "task", "timeout": "7s",
          "with": { "queue": "{{ 'q.' ~ 1 }}", "payload": { "n": "{{ 1 + 1 }}" }, "key": "{{ 7 }}", "priority": "{{ -3 }}" } },
    ]}));
    let events = run.tell(Command::Begin);
    assert_eq!(names(&events), ["run.started", "step.started", "task.offered"]);
    let Event::TaskOffered(offered) = &events[2] else {
        panic!("{events:?}")
    };
    assert_eq!((offered.queue.as_str(), offered.key.as_deref()), ("q.1", Some("7")));
    assert_eq!(offered.priority, -3);
    let [plan] = run.offers()[..] else { panic!() };
    assert_eq!((plan.task, plan.attempt, plan.timeout), (offered.task, 1, 7 * SECOND));
    assert_eq!(&*plan.payload, br#"{"n":2}"#);
    assert_eq!(plan.effect_key, EffectKey::derive(run.state.run, &activity("a"), 0));
    assert_eq!(run.state.status(), RunStatus::Waiting);
    assert_eq!(run.at("a").deadline, None, "its time counts from the claim");
    let events = run.end_task("a", completed());
    assert_eq!(names(&events), ["task.claimed", "step.succeeded", "run.succeeded"]);
    assert_eq!(run.at("a").output, Some(Datum::new(json!("done"))));
}

/// The error of a task step that was rendered with this input.
fn refused(input: Value, with: &Value) -> (String, bool) {
    let definition = json!({ "name": "w", "steps": [{ "id": "a", "kind": "task", "with": with }] });
    let mut run = Subject::with_input(&definition, input);
    run.tell(Command::Begin);
    assert!(run.offers().is_empty() && run.state.is_terminal());
    let error = run.at("a").error.clone().expect("it was refused");
    (error.code.into_owned(), error.retryable)
}

#[test]
fn what_is_no_queue_key_or_priority_fails_the_step_with_its_own_code() {
    let cases = [
        ("queue", "task-queue", json!("No")),
        ("queue", "task-queue", json!("")),
        ("queue", "task-queue", json!("q".repeat(64))),
        ("queue", "task-queue", json!(["q"])),
        ("key", "task-key", json!("k".repeat(257))),
        ("priority", "task-priority", json!(101)),
        ("priority", "task-priority", json!(-101)),
        ("priority", "task-priority", json!(i64::MIN)),
        ("priority", "task-priority", json!(1.5)),
        ("priority", "task-priority", json!("high")),
    ];
    for (field, code, input) in cases {
        let mut with = json!({ "queue": "q", "payload": 1 });
        with[field] = json!("{{ input }}");
        assert_eq!(refused(input, &with), (code.to_owned(), false));
    }
}

#[test]
fn a_payload_is_measured_as_the_text_that_it_becomes() {
    let with = json!({ "queue": "q", "payload": "{{ input }}" });
    let (code, _) = refused(json!("\u{1}".repeat(200 * 1024)), &with);
    assert_eq!(code, "template-too-large");
}

#[test]
fn a_failed_task_is_tried_again_by_its_policy_and_not_before_its_worker_says() {
    for class in ["pure", "read", "idempotent"] {
        let retried = with(
            task("a", class),
            json!({ "retry": { "max_attempts": 2, "jitter": "none" } }),
        );
        let mut run = Subject::of_steps(json!([retried]));
        let first = run.task("a");
        let busy = StepError {
            retry_after: Some(9 * SECOND),
            ..error("out-of-stock")
        };
        let events = run.end_task("a", TaskEnd::Failed(busy));
        assert_eq!(names(&events), ["task.claimed", "step.failed"]);
        assert_eq!(run.at("a").wake, Some(run.now.saturating_add(9 * SECOND)));
        let events = run.after(9 * SECOND);
        assert_eq!(names(&events), ["step.started", "task.offered"], "{class}");
        assert_ne!(run.task("a"), first, "another attempt is another task");
        let events = run.end_task("a", TaskEnd::Failed(error("out-of-stock")));
        assert_eq!(&*failure(&events).code, "out-of-stock");
        assert_eq!(run.state.status(), RunStatus::Failed);
    }
}

#[test]
fn a_failed_once_task_is_tried_again_only_on_a_code_that_it_names() {
    for (on, status) in [
        (json!(["busy"]), StepStatus::Retrying),
        (json!(["other"]), StepStatus::Failed),
    ] {
        let retry = json!({ "retry": { "max_attempts": 3, "on": on } });
        let mut run = Subject::of_steps(json!([with(task("a", "once"), retry)]));
        run.end_task("a", TaskEnd::Failed(error("busy")));
        assert_eq!(run.at("a").status, status);
    }
    let retry = json!({ "retry": { "max_attempts": 3 } });
    let mut run = Subject::of_steps(json!([with(task("a", "once"), retry)]));
    run.end_task("a", TaskEnd::Failed(error("busy")));
    assert_eq!(run.at("a").status, StepStatus::Failed);
}

#[test]
fn a_once_task_whose_worker_vanished_is_unknown_and_runs_again_only_when_that_worker_must_be_done() {
    for (end, code) in [(silent(), "worker-vanished"), (timed_out(), "timeout")] {
        let mut run = Subject::of_steps(json!([task("a", "once")]));
        let claimed_at = run.now;
        let events = run.end_task("a", end);
        assert_eq!(names(&events), ["task.claimed", "step.outcome_unknown", "run.blocked"]);
        assert_eq!(run.at("a").error.as_ref().map(|error| &*error.code), Some(code));
        let key = EffectKey::derive(run.state.run, &activity("a"), 1);
        assert_eq!(
            names(&run.resolve("a", Resolution::Retry)),
            ["run.unblocked", "step.outcome_resolved"]
        );
        let safe = claimed_at.saturating_add(60 * SECOND + LEASE);
        assert_eq!(run.at("a").wake, Some(safe));
        run.now = safe;
        assert_eq!(names(&run.after(Duration::ZERO)), ["step.started", "task.offered"]);
        assert_eq!(
            run.offers()[0].effect_key,
            key,
            "a person said that it may have another effect"
        );
    }
}

#[test]
fn a_worker_whose_deadline_was_moved_is_waited_for_until_then_and_never_longer_than_a_timeout_from_now() {
    let hour = 3600 * SECOND;
    // Told that it has 50 s more, by a clock that is right, and by one that has been set back since.
    for (moved, waits) in [(hour + 50 * SECOND, 50 * SECOND), (2 * hour, 60 * SECOND)] {
        let mut run = Subject::of_steps(json!([task("a", "once")]));
        let claimed_at = run.now;
        run.now = claimed_at.saturating_add(hour);
        let task = run.task("a");
        let message = Message::TaskEnded(Box::new(TaskEnded {
            task,
            activity: activity("a"),
            claim: Some(("worker".into(), claimed_at)),
            end: TaskEnd::Lapsed {
                timed_out: false,
                deadline: Some(claimed_at.saturating_add(moved)),
            },
        }));
        run.message(message);
        run.resolve("a", Resolution::Retry);
        let safe = run.now.saturating_add(waits + LEASE);
        assert_eq!(run.at("a").wake, Some(safe));
        let replay = Replay::new(Arc::clone(&run.definition), &run.journal).expect("its own definition");
        assert_eq!(replay.finish(), Verdict::Identical);
    }
}

#[test]
fn a_vanished_worker_costs_other_tasks_no_failure_and_no_key() {
    let mut run = Subject::of_steps(json!([task("a", "idempotent")]));
    let key = run.offers()[0].effect_key;
    for attempt in 2..=11 {
        let events = run.end_task("a", silent());
        assert_eq!(
            names(&events),
            ["task.claimed", "step.deferred", "step.started", "task.offered"]
        );
        assert_eq!((run.offers()[0].attempt, run.offers()[0].effect_key), (attempt, key));
        assert_eq!((run.at("a").failures, run.at("a").in_doubt), (0, true));
    }
    // Ten of them: from here on it is the payload's fault.
    let events = run.end_task("a", silent());
    assert_eq!(&*failure(&events).code, "worker-vanished");
    assert_eq!(run.state.status(), RunStatus::Failed);
}

#[test]
fn a_timeout_counts_as_a_failure() {
    for class in ["pure", "read", "idempotent"] {
        let retried = with(
            task("a", class),
            json!({ "retry": { "max_attempts": 2, "jitter": "none" } }),
        );
        let mut run = Subject::of_steps(json!([retried]));
        let key = run.offers()[0].effect_key;
        let events = run.end_task("a", timed_out());
        assert_eq!(&*failure(&events).code, "timeout");
        assert_eq!(run.at("a").status, StepStatus::Retrying);
        run.after(SECOND);
        assert_eq!(run.offers()[0].effect_key, key, "{class}");
        run.end_task("a", timed_out());
        assert_eq!(run.at("a").status, StepStatus::Failed, "{class}");
    }
}

#[test]
fn a_changed_payload_is_not_sent_under_the_key_of_one_in_doubt() {
    let step = json!({ "id": "a", "kind": "task", "effect": "idempotent",
        "with": { "queue": "q", "payload": "{{ run.attempt }}" } });
    let mut run = Subject::of_steps(json!([step]));
    run.cancel();
    run.end_task("a", silent());
    assert_eq!(run.state.status(), RunStatus::Cancelled);
    run.retry();
    assert_eq!(
        run.at("a").error.as_ref().map(|error| &*error.code),
        Some("request-changed")
    );
    assert_eq!(run.at("a").status, StepStatus::Unknown);
}

#[test]
fn a_cancelled_run_takes_its_tasks_back_once_and_waits_for_their_end() {
    let mut run = Subject::of_steps(json!([task("a", "once"), task("b", "idempotent"), task("c", "once")]));
    let events = run.cancel();
    let taken = [
        "run.cancel_requested",
        "task.cancel_requested",
        "task.cancel_requested",
        "task.cancel_requested",
    ];
    assert_eq!(names(&events), taken);
    assert!(run.cancel().is_empty());
    assert!(matches!(run.at("a").wait, Some(Wait::Task { told: true, .. })));
    assert_eq!(names(&run.end_task("a", TaskEnd::Withdrawn)), ["step.cancelled"]);
    assert!(!run.at("a").in_doubt, "nobody ever had it");
    assert_eq!(names(&run.end_task("b", silent())), ["task.claimed", "step.cancelled"]);
    assert!(run.at("b").in_doubt);
    let events = run.end_task("c", completed());
    assert_eq!(names(&events), ["task.claimed", "step.succeeded", "run.cancelled"]);
}

#[test]
fn a_once_task_that_vanishes_while_the_run_stops_keeps_it_open() {
    let mut run = Subject::of_steps(json!([task("a", "once")]));
    run.cancel();
    run.end_task("a", silent());
    assert_eq!(run.state.status(), RunStatus::Blocked);
    run.resolve("a", Resolution::Failed("it did not".to_owned()));
    assert_eq!(run.state.status(), RunStatus::Cancelled);
}

#[test]
fn a_task_that_is_lost_keeps_no_cancelled_run_and_leaves_its_effect_in_doubt() {
    let mut run = Subject::of_steps(json!([task("a", "idempotent"), task("b", "once")]));
    run.cancel();
    assert_eq!(names(&run.lose_task("a")), ["step.deferred", "step.cancelled"]);
    assert!(run.at("a").in_doubt);
    assert_eq!(names(&run.lose_task("b")), ["step.outcome_unknown", "run.blocked"]);
    assert_eq!(run.at("b").error.as_ref().unwrap().code, "task-lost");
    run.resolve("b", Resolution::Failed("it did not".to_owned()));
    assert_eq!(run.state.status(), RunStatus::Cancelled);
    let replay = Replay::new(Arc::clone(&run.definition), &run.journal).expect("its own definition");
    assert_eq!(replay.finish(), Verdict::Identical);
}

#[test]
fn a_failed_map_takes_the_tasks_of_its_other_items_back() {
    let map = json!({ "id": "m", "kind": "map", "with": { "over": [1, 2],
        "step": { "kind": "task", "with": { "queue": "q", "payload": "{{ item }}" } } } });
    let mut run = Subject::of_steps(json!([map]));
    assert_eq!(run.offers().len(), 2);
    let events = run.end_task("m[0]", TaskEnd::Failed(error("bad")));
    assert_eq!(names(&events), ["task.claimed", "step.failed", "task.cancel_requested"]);
    run.end_task("m[1]", TaskEnd::Withdrawn);
    assert_eq!(run.state.status(), RunStatus::Failed);
}

#[test]
fn a_paused_run_offers_nothing_and_its_offered_tasks_stay() {
    let mut run = Subject::of_steps(json!([
        task("a", "idempotent"),
        with(task("b", "once"), json!({ "needs": ["a"] })),
    ]));
    run.pause();
    let events = run.end_task("a", silent());
    assert_eq!(names(&events), ["task.claimed", "step.deferred"], "held back");
    assert_eq!(names(&run.resume()), ["run.resumed", "step.started", "task.offered"]);
    run.pause();
    run.end_task("a", completed());
    assert!(run.is("b", StepStatus::Pending));
    assert_eq!(names(&run.resume()), ["run.resumed", "step.started", "task.offered"]);
}

#[test]
fn a_full_queue_puts_its_steps_off_without_an_attempt() {
    let mut run = Subject::queued(json!([task("a", "once")]));
    run.full.extend(QueueName::parse("q"));
    let events = run.tell(Command::Begin);
    assert_eq!(names(&events), ["run.started", "step.deferred"]);
    let wake = run.at("a").wake.expect("it is tried again");
    assert!(wake >= run.now.saturating_add(5 * SECOND) && wake <= run.now.saturating_add(10 * SECOND));
    assert_eq!(run.at("a").attempts, 0);
    run.now = wake;
    assert_eq!(names(&run.after(Duration::ZERO)), [""; 0], "it has been said");
    assert_eq!(run.crowded, Some(wake));
    run.full.clear();
    assert_eq!(names(&run.after(10 * SECOND)), ["step.started", "task.offered"]);
}

#[test]
fn what_waits_for_room_holds_up_nothing_else_and_is_replayed_without_a_word_about_it() {
    let slow = with(task("b", "once"), json!({ "with": { "queue": "r", "payload": 1 } }));
    let sleep = json!({ "id": "c", "kind": "sleep", "with": { "for": "30s" } });
    let mut run = Subject::queued(json!([task("a", "once"), slow, sleep]));
    run.full
        .extend(["q", "r"].map(|queue| QueueName::parse(queue).expect("a name")));
    run.tell(Command::Begin);
    assert_eq!(names(&run.after(10 * SECOND)), [""; 0]);
    let (seen, wake) = (run.now, run.state.next_wake_after(run.now));
    assert_eq!(
        wake,
        Some(START.saturating_add(30 * SECOND)),
        "the sleep, not what was looked at by {seen:?}"
    );
    run.full.remove(&QueueName::parse("r").expect("a name"));
    assert_eq!(
        names(&run.after(SECOND)),
        ["step.started", "task.offered"],
        "only what has room"
    );
    assert_eq!(run.crowded, run.at("a").wake);
    assert_eq!(names(&run.after(19 * SECOND)), ["timer.fired", "step.succeeded"]);
    run.full.clear();
    assert_eq!(names(&run.after(3600 * SECOND)), ["step.started", "task.offered"]);
    run.end_task("a", completed());
    run.end_task("b", completed());
    let replay = Replay::new(Arc::clone(&run.definition), &run.journal).expect("its own definition");
    assert_eq!(replay.finish(), Verdict::Identical);
}

#[test]
fn large_payloads_are_offered_a_few_at_a_time() {
    let map = json!({ "id": "m", "kind": "map", "with": { "over": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        "step": { "kind": "task", "with": { "queue": "q", "payload": ["{{ item }}", "{{ input }}"] } } } });
    let definition = json!({ "name": "w", "steps": [map] });
    let mut run = Subject::with_input(&definition, json!("x".repeat(1_000_000)));
    run.tell(Command::Begin);
    let mut rounds = vec![run.offers().len()];
    while run.state.next_wake().is_some() {
        run.after(Duration::ZERO);
        rounds.push(run.offers().len());
    }
    assert_eq!(rounds, [5, 5, 1]);
    let put_off = run
        .journal
        .iter()
        .filter(|recorded| recorded.event.name() == "step.deferred");
    assert_eq!(put_off.count(), 6, "each once");
    for item in 0..11 {
        run.end_task(&format!("m[{item}]"), completed());
    }
    assert_eq!(run.state.status(), RunStatus::Succeeded);
}

#[test]
fn a_late_or_foreign_word_about_a_task_changes_nothing() {
    let mut run = Subject::of_steps(json!([task("a", "idempotent"), task("b", "once")]));
    let (first, other) = (run.task("a"), run.task("b"));
    run.end_task("a", silent());
    for (id, name) in [(first, "a"), (other, "a"), (first, "b"), (first, "nobody")] {
        let message = Message::TaskEnded(Box::new(TaskEnded {
            task: id,
            activity: activity(name),
            claim: Some(("liar".into(), run.now)),
            end: completed(),
        }));
        assert!(run.message(message).is_empty(), "{id} {name}");
    }
}

#[test]
fn a_crash_does_not_touch_an_offered_task() {
    for class in ["pure", "read", "idempotent", "once"] {
        let mut run = Subject::of_steps(json!([task("a", class)]));
        let before = run.task("a");
        assert!(run.crash(false).is_empty(), "{class}");
        assert_eq!(run.task("a"), before);
        assert_eq!(
            names(&run.end_task("a", completed()))[1..],
            ["step.succeeded", "run.succeeded"]
        );
    }
}

#[test]
fn ten_workers_may_vanish_with_a_task_and_each_one_after_them_is_a_failure() {
    for class in ["pure", "read", "idempotent"] {
        for max in 1..4 {
            let retry = json!({ "retry": { "max_attempts": max, "jitter": "none" } });
            let mut run = Subject::of_steps(json!([with(task("a", class), retry)]));
            let mut vanished = 0;
            while !run.state.is_terminal() {
                assert_eq!(run.at("a").attempts, vanished + 1, "{class}: offered again");
                assert_eq!(run.at("a").failures, vanished.saturating_sub(10), "{class}");
                run.end_task("a", silent());
                run.after(120 * SECOND);
                vanished += 1;
            }
            assert_eq!(vanished, 10 + max, "{class}");
            assert!(run.is("a", StepStatus::Failed));
        }
    }
    let mut run = Subject::of_steps(json!([task("a", "once")]));
    run.end_task("a", silent());
    assert!(run.is("a", StepStatus::Unknown));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// However many workers vanish, in whatever order with failures: the attempts are bounded by the policy and the bound
    /// on vanished workers.
    #[test]
    fn a_poison_task_is_given_up(vanish in proptest::collection::vec(any::<bool>(), 0..60), max in 1u32..4) {
        let retry = json!({ "retry": { "max_attempts": max, "jitter": "none" } });
        let mut run = Subject::of_steps(json!([with(task("a", "idempotent"), retry)]));
        for vanish in vanish {
            if run.state.is_terminal() {
                break;
            }
            run.end_task("a", if vanish { silent() } else { timed_out() });
            run.after(120 * SECOND);
        }
        prop_assert!(run.at("a").attempts <= 10 + max);
    }
}
