use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::time::Instant;

use super::*;
use crate::retry_budget::RetryBudget;

/// An error that says what it calls for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Broken(Verdict);

impl Retryable for Broken {
    fn verdict(&self) -> Verdict {
        self.0
    }
}

/// Fails so often, after 10 ms each: how many attempts there were, how it ended, after how many ms, and whether well.
async fn failing(retry: &Retry<ByError>, terms: Terms, often: u32, verdict: Verdict) -> (u32, End, u128, bool) {
    let began = Instant::now();
    let call = retry.call(terms, |attempt| async move {
        tokio::time::sleep(10 * MS).await;
        if attempt.number() <= often {
            return Err(Broken(verdict));
        }
        Ok(attempt.number())
    });
    let Outcome { result, report } = call.await;
    let took = began.elapsed().as_millis();
    (report.attempts, report.end, took, result.is_ok())
}

#[tokio::test(start_paused = true)]
async fn each_end_is_told() {
    let after = |seconds| Verdict::RetryAfter(Duration::from_secs(seconds));
    let retry = policy(ByError).build().unwrap();
    let idempotent = Terms::from(Idempotent);
    for (terms, often, verdict, expected) in [
        (idempotent, 0, Verdict::Retry, (1, End::Accepted, 10, true)),
        (idempotent, 2, Verdict::Retry, (3, End::Accepted, 330, true)),
        (idempotent, 9, Verdict::Retry, (5, End::Attempts, 1150, false)),
        (idempotent, 9, Verdict::Refuse, (1, End::Refused, 10, false)),
        (idempotent, 9, Verdict::BreakerOpen, (1, End::BreakerOpen, 10, false)),
        (Terms::once(), 9, Verdict::Retry, (1, End::NotRepeatable, 10, false)),
        // Asked for more than the backoff, for less than it, for as much as is allowed, and for more.
        (idempotent, 1, after(7), (2, End::Accepted, 7_020, true)),
        (idempotent, 1, after(0), (2, End::Accepted, 120, true)),
        (idempotent, 1, after(60), (2, End::Accepted, 60_020, true)),
        (idempotent, 1, after(61), (1, End::AskedTooLong, 10, false)),
        (
            idempotent,
            1,
            Verdict::RetryAfter(Duration::MAX),
            (1, End::Deadline, 10, false),
        ),
    ] {
        let seen = failing(&retry, terms, often, verdict).await;
        assert_eq!(seen, expected, "{often} times {verdict:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn neither_an_attempt_nor_a_wait_outlasts_the_deadline() {
    let after = |seconds| Verdict::RetryAfter(Duration::from_secs(seconds));
    for (deadline, verdict, expected) in [
        // The second wait would last until the deadline.
        (320, Verdict::Retry, (2, End::Deadline, 120, false)),
        // The third attempt is cut off.
        (325, Verdict::Retry, (3, End::Deadline, 325, false)),
        // A long wait is not begun.
        (5_000, after(5), (1, End::Deadline, 10, false)),
        (5, Verdict::Retry, (1, End::Deadline, 5, false)),
        (0, Verdict::Retry, (1, End::Deadline, 0, false)),
    ] {
        let by_request = policy(ByError).build().unwrap();
        let terms = Terms::from(Idempotent).until(Instant::now() + deadline * MS);
        assert_eq!(failing(&by_request, terms, 9, verdict).await, expected, "{deadline}");
        let by_limit = policy(ByError).with_limit(deadline * MS).build().unwrap();
        let later = Terms::from(Idempotent).until(Instant::now() + (deadline + 1) * MS);
        assert_eq!(failing(&by_limit, later, 9, verdict).await, expected, "{deadline}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_cut_off_tells_the_error_before() {
    let retry = policy(AnyError).with_limit(300 * MS).build().unwrap();
    let outcome = retry
        .call(Idempotent, |attempt| async move {
            if attempt.number() == 1 {
                return Err("refused");
            }
            assert_eq!(attempt.until(), Some(Instant::now() + 200 * MS));
            std::future::pending::<Result<(), _>>().await
        })
        .await;
    let earlier = Some("refused");
    assert_eq!(outcome.result, Err(Failed::Cut { earlier }));
    let first = retry.call(Idempotent, |_| std::future::pending::<Result<(), &str>>());
    assert_eq!(first.await.result, Err(Failed::Cut { earlier: None }));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_not_accepted_is_the_answer_still() {
    let odd = |result: Result<&u32, &()>| match result {
        Ok(number) if number % 2 == 1 => Verdict::Retry,
        _ => Verdict::Accept,
    };
    let retry = policy(odd).with_max_attempts(3).build().unwrap();
    let outcome = retry.call(Idempotent, |attempt| async move { Ok(2 * attempt.number() - 1) });
    let report = Report {
        attempts: 3,
        end: End::Attempts,
    };
    assert_eq!(outcome.await, Outcome { result: Ok(5), report });
}

#[tokio::test(start_paused = true)]
async fn the_hooks_are_told_of_each_repeat_and_each_end() {
    let (again, ends) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let (told, told_end) = (Arc::clone(&again), Arc::clone(&ends));
    let retry = policy(ByError)
        .on_retry(move |again| told.lock().push((again.attempt, again.verdict, again.wait)))
        .on_end(move |report| told_end.lock().push((report.attempts, report.end.as_str())))
        .build()
        .unwrap();
    failing(&retry, Idempotent.into(), 2, Verdict::RetryAfter(150 * MS)).await;
    failing(&retry, Terms::once(), 2, Verdict::Retry).await;
    let asked = Verdict::RetryAfter(150 * MS);
    assert_eq!(*again.lock(), [(1, asked, 150 * MS), (2, asked, 200 * MS)]);
    assert_eq!(*ends.lock(), [(3, "accepted"), (1, "not_repeatable")]);
}

#[tokio::test(start_paused = true)]
async fn a_breaker_that_opens_ends_it_before_the_next_is_sent() {
    let open = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&open);
    let budget = RetryBudget::default();
    let retry = policy(AnyError)
        .with_budget(budget.clone())
        .stop_when(move || asked.load(Ordering::Relaxed));
    let retry = retry.build().unwrap();
    let opens = async {
        tokio::time::sleep(150 * MS).await;
        open.store(true, Ordering::Relaxed);
    };
    let call = retry.call(Idempotent, |attempt| async move { Err::<(), _>(attempt.number()) });
    let (outcome, ()) = tokio::join!(call, opens);
    // The second attempt failed at 100 ms, and its wait was until 300.
    assert_eq!(outcome.result, Err(Failed::Attempt(2)));
    assert_eq!((outcome.report.attempts, outcome.report.end), (2, End::BreakerOpen));
    let at_once = retry.call(Idempotent, |_| async { Err::<(), _>(()) }).await;
    assert_eq!((at_once.report.attempts, at_once.report.end), (1, End::BreakerOpen));
    let seen = budget.snapshot();
    assert_eq!((seen.withdrawn, seen.returned), (1, 1), "what was not sent goes back");
}

#[tokio::test(start_paused = true)]
async fn calls_at_once_share_what_the_budget_holds() {
    let budget = RetryBudget::new(20, 0, Duration::from_secs(10)).unwrap();
    let retry = policy(AnyError).with_budget(budget.clone()).build().unwrap();
    let calls = (0..1_000).map(|_| retry.call(Idempotent, |_| async { Err::<(), _>("down") }));
    let outcomes = futures_util::future::join_all(calls).await;
    let sent: u32 = outcomes.iter().map(|outcome| outcome.report.attempts).sum();
    let refused = outcomes.iter().filter(|outcome| outcome.report.end == End::Budget);
    // Some had several repeats, and most had none: what counts is the sum.
    assert_eq!((sent, refused.count() >= 800), (1_200, true));
    assert_eq!(budget.snapshot().balance, 0);
    let alone = policy(AnyError).without_budget().build().unwrap();
    let outcome = alone.call(Idempotent, |_| async { Err::<(), _>("down") }).await;
    assert_eq!((outcome.report.attempts, outcome.report.end), (5, End::Attempts));
}

#[tokio::test(start_paused = true)]
async fn it_can_be_dropped_at_any_time() {
    let budget = RetryBudget::new(1_000, 0, Duration::from_secs(60)).unwrap();
    let retry = policy(AnyError).with_budget(budget.clone()).build().unwrap();
    let held = Arc::new(());
    let mut sent = 0;
    // 5 ms after each of: begin, attempts, waits, end.
    for cut in (5..1_200).step_by(10) {
        let began = Mutex::new(0);
        let call = retry.call(Idempotent, |_| {
            let held = Arc::clone(&held);
            *began.lock() += 1;
            async move {
                tokio::time::sleep(10 * MS).await;
                drop(held);
                Err::<(), _>(())
            }
        });
        let before = budget.snapshot();
        tokio::time::timeout(cut * MS, call).await.ok();
        let repeats = began.into_inner() - 1;
        sent += repeats;
        assert_eq!(Arc::strong_count(&held), 1, "what was under way is dropped");
        assert_eq!(budget.snapshot().withdrawn - before.withdrawn, repeats, "at {cut} ms");
    }
    assert!(sent > 200 && budget.snapshot().returned > 50);
}

#[test]
fn a_policy_has_a_first_attempt() {
    let error = policy(AnyError).with_max_attempts(0).build().unwrap_err();
    assert_eq!(error.to_string(), "max_attempts is 0: there is a first one");
}
