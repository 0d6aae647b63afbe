//! The judgement.

use std::sync::Arc;
use std::time::Duration;

use seawall_engine::store::StoreClock as _;
use seawall_engine::verify;

use crate::sim::oracle::{Findings, Seen, judge, read};
use crate::sim::story::tell::{End, Story};

impl Story {
    pub(super) async fn judge(mut self) -> End {
        let (mut found, mut runs) = (Findings::default(), Vec::new());
        let engine = self.engine().await;
        let living = self.fleet.living();
        for record in self.records() {
            let holder = record.holder.map(|node| self.database.life_of(node));
            if let Some(life) = holder
                && !life.is_some_and(|life| living.contains(&life))
            {
                found.0.push(format!("{} is held by a dead node", record.id));
            }
        }
        drop(engine);
        while !self.fleet.living().is_empty() {
            for place in 0..self.fleet.places() {
                self.fleet.shut_down(place, Duration::from_secs(5));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        // A last process only to read with.
        self.fleet.keep_everything();
        let records = self.records();
        self.fleet.start(0);
        let engine = self.engine().await;
        let (rows, witness) = (self.database.rows(), &self.database.witness);
        for record in records {
            runs.push(read(&engine, rows, record, &mut found).await);
        }
        witness.lanes_are_empty(rows);
        witness.queues_are_empty(rows);
        let seen = Seen {
            effects: self.effects.log(),
            tasks: self.workers.log.lock().clone(),
            book: self.book.page(),
            gone: witness.gone(),
            witness: Arc::clone(witness),
        };
        judge(&runs, &seen, &mut found);
        let report = verify(rows, engine.registry(), self.clock.now(), false).await;
        let report = report.expect("reading works");
        found
            .0
            .extend(report.findings.iter().map(|finding| format!("{finding:?}")));
        drop(engine);
        if let Some(process) = self.fleet.process(0) {
            process.kill();
        }
        found.0.extend(self.trace.violations());
        for item in runs.iter().flat_map(|ended| &ended.journal) {
            self.trace.count(item.kind);
        }
        End {
            digest: self.trace.digest(),
            findings: found.0,
            tally: self.trace.tally(),
        }
    }
}
