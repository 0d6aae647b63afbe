//! `decide`: from a state and a command to events and actions.

use seawall_store::Timestamp;

use crate::core::command::{Action, Command, Env, Message};
use crate::core::commands::{
    admit, approval, begin, block, cancel, child, flow, pause, recover, resolve, retry, settle, signal, task, tick,
};
use crate::core::event::{Event, Recorded};
use crate::core::state::{RunState, Slot};

/// What a command led to: events, which are already folded into the state, and what the runtime has to do.
#[derive(Debug, Default)]
pub struct Decision {
    pub events: Vec<Recorded>,
    pub actions: Vec<Action>,
    /// Of a tick: steps that were due wait on, for room in their queue, the first of them since then. Nothing else that was due
    /// is left.
    pub crowded: Option<Timestamp>,
}

/// Decides. The state changes by the decision's own events and by nothing else; a command that has come too late or makes
/// no sense gives no events.
pub fn decide(state: &mut RunState, command: Command, env: &Env<'_>) -> Decision {
    let was_stopping = state.is_stopping();
    let mut draft = Draft {
        state,
        env: *env,
        decision: Decision::default(),
        offered_bytes: 0,
    };
    // A new holder says first that the run is blocked, then recovers it: what began between the two would be recovered too.
    let recovers = matches!(command, Command::BlockDeadly { .. });
    match command {
        Command::Begin => begin::begin(&mut draft),
        Command::Recover { predecessor_dead } => recover::recover(&mut draft, predecessor_dead),
        Command::Settle {
            activity,
            attempt,
            outcome,
        } => settle::settle(&mut draft, &activity, attempt, outcome),
        Command::StartChild {
            activity,
            attempt,
            found,
        } => child::start(&mut draft, &activity, attempt, found),
        Command::Tick => tick::tick(&mut draft),
        Command::BlockDeadly { deaths } => block::block(&mut draft, deaths),
        Command::Message(message) => take(&mut draft, message),
    }
    flow::advance(&mut draft, was_stopping);
    if !recovers && retry::is_due(draft.state) {
        retry::as_asked(&mut draft);
        flow::advance(&mut draft, false);
    }
    draft.decision
}

fn take(draft: &mut Draft<'_>, message: Message) {
    match message {
        Message::Admitted => admit::admitted(draft),
        Message::Superseded { by, reason } => admit::superseded(draft, by, reason),
        Message::Rejected => admit::rejected(draft),
        Message::Signal { id, name, payload } => signal::receive(draft, id, name, payload),
        Message::Decide {
            approval,
            approve,
            comment,
            by,
        } => {
            approval::decide(draft, approval, approve, comment, by);
        }
        Message::Cancel { by } => cancel::cancel(draft, by),
        Message::Pause { by } => pause::pause(draft, by),
        Message::Resume { by } => pause::resume(draft, by),
        Message::Retry { by } => retry::retry(draft, by),
        Message::WithdrawRetry { by } => retry::withdrawn(draft, by),
        Message::ParentRetried { by, round } => retry::ask(draft, by, round),
        Message::Resolve {
            activity,
            resolution,
            by,
        } => resolve::resolve(draft, &activity, resolution, by),
        Message::ChildEnded {
            child,
            activity,
            round,
            status,
            output,
            error,
            ..
        } => {
            child::ended(
                draft,
                (child, round),
                &activity,
                child::Ending { status, output, error },
            );
        }
        Message::TaskEnded(ended) => task::ended(draft, *ended),
    }
}

/// A decision in the making. Events are folded in as they are decided, so that what follows sees them.
pub(super) struct Draft<'a> {
    pub(super) state: &'a mut RunState,
    pub(super) env: Env<'a>,
    decision: Decision,
    /// Payloads of the tasks that it offers: they are one write.
    pub(super) offered_bytes: usize,
}

impl Draft<'_> {
    /// The wall clock. What is still to come is counted from it and compared with it: from the time of events, a wait that
    /// begins after the clock was set back an hour would last an hour too long.
    pub(super) const fn now(&self) -> Timestamp {
        self.env.now
    }

    /// The time of the next event: never before the last one, whatever the clock does.
    pub(super) fn event_time(&self) -> Timestamp {
        self.env.now.max(self.state.last_at)
    }

    pub(super) fn emit(&mut self, event: Event) {
        let recorded = Recorded {
            seq: self.state.seq.plus(1),
            at: self.event_time(),
            event,
        };
        self.state.evolve(&recorded);
        self.decision.events.push(recorded);
    }

    /// What was due at `since` waits on for room, and that is no event: it has been said.
    pub(super) fn crowd(&mut self, since: Option<Timestamp>) {
        self.decision.crowded = since;
    }

    pub(super) fn act(&mut self, action: Action) {
        self.decision.actions.push(action);
    }

    /// A share of the command's random bits that belongs to this activity and attempt alone.
    pub(super) fn random(&self, slot: Slot) -> u64 {
        let attempt = self.state.at(slot).map_or(0, |activity| u64::from(activity.attempts));
        let place = (slot.part as u64) << 60
            ^ (slot.step as u64) << 40
            ^ u64::from(slot.item.unwrap_or(u32::MAX)) << 8
            ^ attempt;
        // SplitMix64: neighbouring inputs give unrelated outputs.
        let mut mixed = self.env.random ^ place.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
