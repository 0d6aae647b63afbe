//! What a schedule that is due has to write.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{
    DueSchedule, Firing, FiringError, Overlap, ScheduleRecord, ScheduledRun, StoreResult, TenantId, Timestamp,
};

use crate::core::ScheduledFor;
use crate::definition::Definition;
use crate::journal::decode_schedule;
use crate::runtime::create::{ScheduledWork, scheduled_run};
use crate::runtime::definitions::DefinitionTrouble;
use crate::runtime::shared::Shared;
use crate::schedule::{Plan, ScheduleSettings, Timetable, plan, timetable_of};

/// A schedule that this program cannot read is looked at again after this time.
const UNREADABLE: Duration = Duration::from_secs(60 * 60);
/// Bytes of an error's message that are kept.
const MAX_MESSAGE: usize = 1024;

/// Why no run can be made now.
struct Trouble {
    code: &'static str,
    message: String,
}

/// The firing of a schedule at `now`. Times since `on_time` were not missed.
pub(super) async fn firing(
    shared: &Shared,
    due: &DueSchedule,
    now: Timestamp,
    on_time: Timestamp,
) -> StoreResult<Firing> {
    let record = &due.record;
    let (settings, timetable) = match readable(record) {
        Ok(readable) => readable,
        Err(trouble) => return Ok(unreadable(due, &trouble, now)),
    };
    let plan = plan(&timetable, settings.catch_up, record.cursor, now, on_time);
    let times: Vec<Timestamp> = record.waiting.into_iter().chain(plan.times.iter().copied()).collect();
    let mut firing = Firing {
        overlap: settings.overlap,
        ..without_runs(due, &plan)
    };
    if times.is_empty() {
        return Ok(firing);
    }
    match work(shared, &due.tenant, settings).await? {
        Ok(work) => {
            for fire_at in times {
                let scheduled = ScheduledFor {
                    schedule: record.id,
                    fire_at,
                };
                let observer = shared.observer.as_deref();
                match scheduled_run(&work, scheduled, now, observer)? {
                    Ok(run) => firing.runs.push(ScheduledRun { fire_at, run }),
                    Err(error) => {
                        let trouble = Trouble {
                            code: error.code,
                            message: error.message,
                        };
                        firing.failed += 1;
                        firing.error = Some(trouble.at(now));
                    }
                }
            }
        }
        Err(trouble) => {
            firing.failed = times.len() as u64;
            firing.error = Some(trouble.at(now));
        }
    }
    Ok(firing)
}

fn readable(record: &ScheduleRecord) -> Result<(ScheduleSettings, Timetable), Trouble> {
    let trouble = |message| Trouble {
        code: UNREADABLE_CODE,
        message,
    };
    let settings = decode_schedule(&record.settings).map_err(|error| trouble(error.to_string()))?;
    let timetable = timetable_of(&settings, record.created_at).map_err(trouble)?;
    Ok((settings, timetable))
}

/// Nothing is due but its waiting firing, and this program cannot make that.
pub(super) fn keeps_waiting(record: &ScheduleRecord, now: Timestamp) -> bool {
    record.next_at.is_none_or(|next| next > now) && readable(record).is_err()
}

/// What a program says once that cannot read a schedule.
pub(super) const UNREADABLE_CODE: &str = "schedule-unreadable";

fn without_runs(due: &DueSchedule, plan: &Plan) -> Firing {
    Firing {
        tenant: due.tenant.clone(),
        schedule: due.record.id,
        change: due.record.change,
        cursor: plan.cursor,
        next_at: plan.next_at,
        takes_waiting: true,
        overlap: Overlap::Skip,
        runs: Vec::new(),
        missed: plan.missed,
        failed: 0,
        error: None,
    }
}

/// It stays as it is, its waiting firing included, for a program that can read it.
fn unreadable(due: &DueSchedule, trouble: &Trouble, now: Timestamp) -> Firing {
    let plan = Plan {
        times: Vec::new(),
        missed: 0,
        cursor: due.record.cursor,
        next_at: Some(now.saturating_add(UNREADABLE)),
    };
    Firing {
        failed: 1,
        error: Some(trouble.at(now)),
        takes_waiting: false,
        ..without_runs(due, &plan)
    }
}

impl Trouble {
    fn at(&self, now: Timestamp) -> FiringError {
        let cut = self.message.floor_char_boundary(MAX_MESSAGE);
        FiringError {
            code: Arc::from(self.code),
            message: Arc::from(&self.message[..cut]),
            at: now,
        }
    }
}

/// The latest version of the workflow, if it takes the input.
async fn work(
    shared: &Shared,
    tenant: &TenantId,
    settings: ScheduleSettings,
) -> StoreResult<Result<ScheduledWork, Trouble>> {
    let Some(record) = shared.store.workflow(tenant, &settings.workflow).await? else {
        return Ok(Err(Trouble {
            code: "workflow-not-found",
            message: "the workflow was deleted, or renamed by a new one".to_owned(),
        }));
    };
    let definition: Arc<Definition> = match shared.definitions.of_record(&record) {
        Ok(definition) => definition,
        Err(DefinitionTrouble::Store(error)) => return Err(error),
        Err(trouble) => {
            return Ok(Err(Trouble {
                code: "workflow-unusable",
                message: trouble.to_string(),
            }));
        }
    };
    let schema = definition.input.as_ref();
    let errors = schema.map_or_else(Vec::new, |schema| schema.validate(settings.input.json()));
    if let Some(error) = errors.first() {
        return Ok(Err(Trouble {
            code: "input-invalid",
            message: format!("{} (at {})", error.message, error.pointer),
        }));
    }
    Ok(Ok(ScheduledWork {
        workflow: record.pinned(),
        definition,
        input: settings.input,
    }))
}

#[cfg(test)]
mod tests {
    use seawall_store::ScheduleId;

    use super::*;

    #[test]
    fn a_schedule_that_cannot_be_read_keeps_its_waiting_firing() {
        let at = Timestamp::from_millis;
        let record = ScheduleRecord {
            id: ScheduleId::generate(),
            settings: Arc::from(b"of another program".as_slice()),
            revision: 1,
            change: 3,
            created_at: at(0),
            updated_at: at(0),
            cursor: at(5),
            next_at: Some(at(10)),
            waiting: Some(at(5)),
            last_fired_at: None,
            last_run: None,
            skipped: 0,
            missed: 0,
            failed: 0,
            last_error: None,
        };
        assert!(!keeps_waiting(&record, at(10)), "a time is due, and that is said");
        assert!(keeps_waiting(&record, at(9)), "only what waits is, and is left alone");
        let Err(trouble) = readable(&record) else {
            panic!("it can be read")
        };
        let due = DueSchedule {
            tenant: TenantId::default(),
            record,
        };
        let firing = unreadable(&due, &trouble, at(10));
        assert!(!firing.takes_waiting && firing.runs.is_empty());
        assert_eq!(
            (firing.failed, firing.cursor, firing.next_at),
            (1, at(5), Some(at(3_600_010)))
        );
    }
}
