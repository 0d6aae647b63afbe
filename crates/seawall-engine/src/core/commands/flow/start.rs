//! Beginning an activity: its condition, its request, the event that it has begun.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::Timestamp;

use crate::core::command::{Action, AttemptPlan};
use crate::core::commands::decision::Draft;
use crate::core::commands::flow::{fail, map, offer, old_process, scope, wait};
use crate::core::event::{Event, StepStarted};
use crate::core::state::{ActivityState, Slot};
use crate::definition::{Kind, Rendered, Step};
use crate::effect::EffectClass;
use crate::executor::StepError;
use crate::names::{EffectKey, Part};

/// A journal may grow to about this many events; from here on no step begins.
pub(in crate::core::commands) const MAX_EVENTS: u64 = 100_000;

/// How long the other side is taken to remember an effect key.
const KEY_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// How long an attempt may take when nobody says: validation has put a timeout everywhere, so this is not met.
pub(super) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// Begins a pending activity for the first time.
pub(super) fn begin(draft: &mut Draft<'_>, slot: Slot) {
    let condition = slot
        .doing(&Arc::clone(&draft.state.definition))
        .when
        .as_ref()
        .map(|when| when.holds(&scope::for_activity(draft.state, slot)));
    match condition {
        Some(Err(error)) => fail(draft, slot, error),
        Some(Ok(false)) => {
            let step = draft.state.name(slot).step;
            draft.emit(Event::StepSkipped { step });
        }
        Some(Ok(true)) | None => match at_work(draft, slot) {
            Some(until) => put_off(draft, slot, until),
            None => begin_again(draft, slot),
        },
    }
}

/// A person settled an earlier attempt while its process may have been alive still, and until then it may be.
fn at_work(draft: &Draft<'_>, slot: Slot) -> Option<Timestamp> {
    let deadline = draft.state.at(slot).and_then(|state| state.deadline);
    let deadline = deadline.filter(|deadline| *deadline > draft.now())?;
    Some(old_process::safe_from(draft, slot, deadline))
}

fn put_off(draft: &mut Draft<'_>, slot: Slot, until: Timestamp) {
    let activity = draft.state.name(slot);
    draft.emit(Event::StepDeferred {
        activity,
        until,
        reason: old_process::AT_WORK.to_owned(),
        in_doubt: false,
    });
}

/// Begins the next attempt, or the wait.
pub(in crate::core::commands) fn begin_again(draft: &mut Draft<'_>, slot: Slot) {
    // What was done must be undone, however long the journal is: there is as much room again for that.
    let room = if slot.is_main() { MAX_EVENTS } else { 2 * MAX_EVENTS };
    if draft.state.seq.0 >= room {
        let error = StepError::permanent("journal-full", format!("the run's journal has reached {room} events"));
        fail(draft, slot, error);
        return;
    }
    // The definition is shared, so that the step can be looked at while the draft changes.
    let definition = Arc::clone(&draft.state.definition);
    let step = slot.doing(&definition);
    match &step.kind {
        Kind::Transform { value } => {
            let request = value.render(&scope::for_activity(draft.state, slot));
            attempt(draft, slot, step, "transform", request);
        }
        Kind::Effect { kind, with } => {
            let request = with.render(&scope::for_activity(draft.state, slot));
            attempt(draft, slot, step, kind, request);
        }
        Kind::Map(over) => map::begin(draft, slot, over),
        Kind::Sleep(time) => wait::sleep(draft, slot, step, time),
        Kind::WaitSignal { name } => wait::signal(draft, slot, step, name),
        Kind::Approval(approval) => wait::approval(draft, slot, step, approval),
        Kind::Workflow(_) => wait::child(draft, slot, step),
        Kind::Task(task) => offer::begin(draft, slot, step, task),
        Kind::Fail { message } => fail_step(draft, slot, message),
    }
}

fn attempt(draft: &mut Draft<'_>, slot: Slot, step: &Step, kind: &str, request: Result<Rendered, StepError>) {
    let request = match request {
        Ok(request) => request,
        Err(error) => return fail(draft, slot, error),
    };
    let digest = request.digest();
    let Some(state) = draft.state.at(slot) else { return };
    if let Some(error) = no_longer_the_same(state, step.effect, digest, draft.event_time()) {
        if slot.part == Part::Reconcile {
            // Nobody looks into what looks into another.
            return fail(draft, slot, error);
        }
        let activity = draft.state.name(slot);
        return draft.emit(Event::StepOutcomeUnknown {
            activity,
            error,
            safe_after: None,
        });
    }
    let timeout = step.timeout.unwrap_or(DEFAULT_TIMEOUT);
    let (number, generation) = (state.attempts + 1, state.generation);
    let activity = draft.state.name(slot);
    let effect_key = EffectKey::derive(draft.state.run, &activity, generation);
    let deadline = Some(draft.now().saturating_add(timeout));
    started(draft, slot, Some(digest), deadline);
    draft.act(Action::Start(Box::new(AttemptPlan {
        activity,
        attempt: number,
        kind: Arc::from(kind),
        effect: step.effect,
        effect_key,
        request,
        timeout,
    })));
}

/// An attempt that may have been sent is repeated only under the same key with the same request, and only as long as the
/// other side remembers the key. Its age is counted in the time of events, so that a clock that is set back does not make it
/// younger.
pub(super) fn no_longer_the_same(
    state: &ActivityState,
    effect: EffectClass,
    digest: seawall_store::Digest,
    now: Timestamp,
) -> Option<StepError> {
    let in_doubt = state.in_doubt || state.status == crate::core::state::StepStatus::Running;
    if effect != EffectClass::Idempotent || !in_doubt {
        return None;
    }
    if state.request_digest.is_some_and(|sent| sent != digest) {
        let message = "an earlier attempt may have had its effect, and the request is no longer the same";
        return Some(StepError::new("request-changed", message));
    }
    let expired = state.keyed_since.is_some_and(|since| now.since(since) >= KEY_LIFE);
    expired.then(|| {
        StepError::new(
            "effect-key-expired",
            "an earlier attempt may have had its effect, and its key is older than 24 h",
        )
    })
}

/// The event that an attempt or a wait has begun.
pub(super) fn started(
    draft: &mut Draft<'_>,
    slot: Slot,
    request_digest: Option<seawall_store::Digest>,
    deadline: Option<Timestamp>,
) {
    let attempt = draft.state.at(slot).map_or(1, |state| state.attempts + 1);
    let activity = draft.state.name(slot);
    draft.emit(Event::StepStarted(Box::new(StepStarted {
        activity,
        attempt,
        request_digest,
        deadline,
    })));
}

fn fail_step(draft: &mut Draft<'_>, slot: Slot, message: &crate::definition::Template) {
    let error = match message.render(&scope::for_activity(draft.state, slot)) {
        Ok(rendered) => StepError::permanent("fail", wait::text_of(&rendered.value)),
        Err(error) => error,
    };
    started(draft, slot, None, None);
    fail(draft, slot, error);
}
