use std::time::Duration;

use seawall_store::{RevocationNo, Revocations, StoreError};
use tokio_util::sync::CancellationToken;

use super::Known;

/// Between two questions for what has ended.
const POLL: Duration = Duration::from_secs(1);

/// Uses of keys are written at every tenth question.
const ROUNDS_OF_USES: u32 = 10;

impl Known {
    /// Asks for what has ended until `stop`, and writes down when keys were used.
    pub(in crate::identity) async fn keep_up(&self, stop: &CancellationToken) {
        let mut after = None;
        let mut fails = false;
        let mut round = 0;
        loop {
            let began = self.clock.boot();
            match self.catch_up(&mut after).await {
                Ok(()) => {
                    self.confirm(began);
                    if fails {
                        tracing::info!("revocations can be read again");
                    }
                    fails = false;
                }
                // Once: as long as it lasts, every request says the same.
                Err(error) if !fails => {
                    fails = true;
                    tracing::warn!(error = %error, "revocations cannot be read: soon no key is known without asking the store");
                }
                Err(_) => {}
            }
            round = (round + 1) % ROUNDS_OF_USES;
            if round == 0 {
                self.write_uses().await;
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(POLL) => {}
            }
        }
        self.write_uses().await;
    }

    /// Forgets everything that has ended behind the place `after`, which moves on.
    async fn catch_up(&self, after: &mut Option<RevocationNo>) -> Result<(), StoreError> {
        let mut place = match *after {
            Some(place) => place,
            None => {
                let place = self.store.last_revocation().await?;
                // What was read before that place was asked for may have ended in between.
                self.end_all();
                place
            }
        };
        loop {
            let found = self.store.revocations(place, Revocations::MAX).await?;
            if found.missed {
                self.end_all();
            }
            for revocation in &found.items {
                self.end(revocation.what);
            }
            place = found.next;
            *after = Some(place);
            if found.items.len() < Revocations::MAX as usize {
                return Ok(());
            }
        }
    }

    fn end_all(&self) {
        self.leave(self.keys.end_all());
        drop(self.sessions.end_all());
    }
}
