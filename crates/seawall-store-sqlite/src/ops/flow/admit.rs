use rusqlite::params;
use seawall_store::FlowEntry;

use super::line::{Line, less};
use super::{Flow, Numbered};
use crate::ops::deliver::make_due;

impl Flow<'_, '_> {
    /// Admits from the head of the queue while there is a slot and the rate allows it. The caller saves the line.
    pub(super) fn admit(&mut self, line: &mut Line) -> rusqlite::Result<()> {
        line.next_at = None;
        line.counted_at = self.tx.now();
        let mut admitted = 0;
        while line.queued > 0 && line.slots.is_none_or(|slots| line.running < slots) {
            if admitted == FlowEntry::MAX_ADMITTED {
                line.next_at = Some(self.tx.now());
                break;
            }
            if let Some(rate) = line.rate {
                match rate.take(line.spent, self.tx.now()) {
                    Ok(spent) => line.spent = spent,
                    Err(at) => {
                        line.next_at = Some(at);
                        break;
                    }
                }
            }
            let Some((run, message)) = self.head(line.line_no)? else {
                break;
            };
            self.admit_one(run, message.as_deref())?;
            line.queued = less(line.queued);
            line.running = line.running.saturating_add(1);
            admitted += 1;
        }
        Ok(())
    }

    fn admit_one(&mut self, run: Numbered, message: Option<&[u8]>) -> rusqlite::Result<()> {
        self.tx
            .statement("UPDATE flow_runs SET stage = 2, told = 0, since = ?2, admitted = NULL WHERE run_no = ?1")?
            .execute(params![run.run_no, self.tx.now().as_millis()])?;
        match message {
            Some(body) => self.send(run, "admitted".to_owned(), body).map(drop),
            None => {
                self.tx
                    .statement("UPDATE inbox SET unread = 1 WHERE run_no = ?1 AND unread = 2")?
                    .execute([run.run_no])?;
                make_due(self.tx, run.run_no)?;
                self.told.push(run.id);
                Ok(())
            }
        }
    }
}
