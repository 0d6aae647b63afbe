//! Calm: whoever waits for somebody gets what it waits for.

use std::time::Duration;

use futures_util::future::FutureExt as _;
use seawall_engine::Engine;
use seawall_engine::store::{Page, RunFilter, RunRecord, RunStatus, RunStore as _, TenantId};
use serde_json::json;

use crate::sim::clients::{Act, Clients};
use crate::sim::programs::SIGNALS;
use crate::sim::story::tell::Story;
use crate::sim::witness::Witness;

impl Story {
    pub(super) fn records(&self) -> Vec<RunRecord> {
        let (tenant, mut page, mut all) = (TenantId::default(), Page::first(Page::MAX), Vec::new());
        loop {
            let listed = self.database.rows().list_runs(&tenant, RunFilter::default(), page);
            let listed = listed
                .now_or_never()
                .expect("it answers at once")
                .expect("reading works");
            all.extend(listed.items);
            match listed.next {
                Some(cursor) => page.cursor = Some(cursor),
                None => break,
            }
        }
        all.reverse();
        all
    }

    /// Does for each run what it waits for, until all have ended or time is up.
    pub(super) async fn settle(&mut self, clients: &Clients) {
        const ROUNDS: usize = 300;
        for _ in 0..ROUNDS {
            tokio::time::sleep(Duration::from_secs(7)).await;
            // A process that was asked to leave makes way for its successor.
            self.fleet.start_all();
            let open: Vec<RunRecord> = self
                .records()
                .into_iter()
                .filter(|record| {
                    !record.projection.status.is_terminal() || Witness::is_in_line(self.database.rows(), record.id)
                })
                .collect();
            if open.is_empty() {
                return;
            }
            let engine = self.engine().await;
            for record in open {
                self.help(clients, &engine, &record).await;
            }
        }
    }

    async fn help(&mut self, clients: &Clients, engine: &Engine, record: &RunRecord) {
        let run = record.id;
        let acts: &[Act] = match record.projection.status {
            RunStatus::Paused => &[Act::Resume],
            RunStatus::Blocked => &[Act::Resolve, Act::Resume],
            _ => &[Act::Resolve, Act::Decide],
        };
        for act in acts {
            let done = clients.act(engine, *act, run, self.rng.fork()).await;
            if let Err(error) = done {
                clients.judge_of(*act, run, &error);
            }
        }
        let reasons = engine.why(&self.me, run).await.unwrap_or_default();
        if reasons.iter().any(|reason| reason.kind == "signal") {
            for name in SIGNALS {
                let sent = engine.signal(&self.me, run, name, None, json!(1)).await;
                if let Err(error) = sent {
                    clients.judge_of(Act::Signal, run, &error);
                }
            }
        }
    }
}
