//! One attempt: its executor under a timeout, and what is known of it in the end.

use std::borrow::Cow;
use std::time::Duration;

use futures_util::future::BoxFuture;
use seawall_store::{RunId, TenantId};
use tokio_util::sync::CancellationToken;

use crate::core::AttemptPlan;
use crate::executor::{Attempt, AttemptContext, Outcome, StepError};

const TIMEOUT: &str = "timeout";

/// What an executor gets.
pub(super) fn of_plan(tenant: &TenantId, run: RunId, plan: AttemptPlan) -> Attempt {
    Attempt {
        tenant: tenant.clone(),
        run,
        activity: plan.activity,
        number: plan.attempt,
        effect: plan.effect,
        effect_key: plan.effect_key,
        request: plan.request,
        timeout: plan.timeout,
    }
}

/// Waits for an attempt until it ends, or until it was cancelled and its grace is over.
pub(super) async fn supervise(
    mut executing: BoxFuture<'static, Outcome>,
    cancel: CancellationToken,
    timeout: Duration,
    grace: Duration,
) -> Outcome {
    let timed_out = tokio::select! {
        biased;
        outcome = &mut executing => return outcome,
        () = cancel.cancelled() => false,
        () = tokio::time::sleep(timeout) => true,
    };
    cancel.cancel();
    let said = tokio::time::timeout(grace, executing).await;
    match (said, timed_out) {
        (Ok(outcome), false) => outcome,
        (Ok(outcome), true) => ended_by_timeout(outcome, timeout),
        (Err(_), true) => Outcome::Unknown(StepError::new(TIMEOUT, too_long(timeout))),
        (Err(_), false) => Outcome::Unknown(StepError::new(
            "cancelled",
            "the attempt was cancelled and did not say more",
        )),
    }
}

fn too_long(timeout: Duration) -> String {
    format!("the attempt took longer than its timeout of {timeout:?}")
}

/// Whatever the executor calls it: the attempt ended because of our timeout. What it said comes second.
fn ended_by_timeout(outcome: Outcome, timeout: Duration) -> Outcome {
    let renamed = |error: StepError| StepError {
        code: Cow::Borrowed(TIMEOUT),
        message: format!("{}: {}", too_long(timeout), error.message),
        ..error
    };
    match outcome {
        Outcome::NotBegun(error) => Outcome::NotBegun(renamed(error)),
        Outcome::Failed(error) => Outcome::Failed(renamed(error)),
        Outcome::Unknown(error) => Outcome::Unknown(renamed(error)),
        outcome @ (Outcome::Succeeded(_) | Outcome::Deferred { .. }) => outcome,
    }
}

/// The context of an attempt with its own token.
pub(super) fn context(of: &AttemptContext) -> AttemptContext {
    AttemptContext {
        cancel: CancellationToken::new(),
        ..of.clone()
    }
}
