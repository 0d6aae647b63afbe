//! What one side forgets.

use std::time::Duration;

use crate::contract::differential::dump;
use crate::contract::differential::op::Op;
use crate::contract::differential::samples::{cross, run_id, tenant};
use crate::contract::differential::side::Side;
use crate::ids::Epoch;
use crate::records::{Discard, Sweep};
use crate::time::{StoreClock as _, Timestamp};

impl Side<'_> {
    pub(super) async fn apply_retention(&self, op: &Op) -> String {
        let store = self.store;
        match *op {
            Op::Forget {
                ago,
                max_runs,
                max_bytes,
            } => self.sweep(ago, max_runs, max_bytes).await,
            Op::ForgetRun { tenant: t, run } => {
                let fate = store.forget_run(&tenant(t.into()), run_id(run)).await;
                dump::answer(fate, dump::plain)
            }
            Op::DiscardRun {
                tenant: t,
                run,
                held,
                end,
            } => {
                let discard = Discard {
                    run: run_id(run),
                    held: held.map(|epoch| Epoch(epoch.into())),
                    end: end.map(|(to, key)| cross(to, key)),
                };
                dump::answer(store.discard_run(&tenant(t.into()), discard).await, dump::plain)
            }
            Op::ForgetWorkflows { unused_for, limit } => {
                let unused_for = Duration::from_millis(unused_for.into());
                dump::answer(store.forget_workflows(unused_for, limit.into()).await, dump::plain)
            }
            _ => unreachable!("the caller chose what is forgotten"),
        }
    }

    /// A whole sweep: where a step stopped is each store's own.
    async fn sweep(&self, ago: u16, max_runs: u8, max_bytes: u16) -> String {
        let mut step = Sweep {
            before: Timestamp::from_millis(self.clock.now().as_millis() - i64::from(ago)),
            after: None,
            max_runs: max_runs.into(),
            max_bytes: max_bytes.into(),
        };
        let mut text = dump::answer(self.store.next_finished(step.before).await, dump::plain);
        // Steps that look at nothing lead nowhere.
        for _ in 0..20 {
            let done = self.store.forget_finished(step).await.expect("there is room");
            text += &format!(
                "\n{} forgotten, {} of them parents, {} kept, more: {}",
                done.runs,
                done.parents,
                done.kept,
                done.next.is_some()
            );
            match done.next {
                Some(_) => step.after = done.next,
                None => break,
            }
        }
        text
    }
}
