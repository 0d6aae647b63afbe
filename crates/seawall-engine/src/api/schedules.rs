//! Schedules: what clients do with them. When they fire is the runtime's business.
//!
//! The id of one that is made under an idempotency key follows from the key, as with workflows (`workflows_once`).

use seawall_store::{NewSchedule, Page, PageOf, ScheduleChange, ScheduleId, ScheduleRecord, StoreError, Timestamp};

use crate::api::engine::{Result, refused};
use crate::api::schedule_view::ScheduleView;
use crate::api::{Engine, EngineError, IdempotentRequest, Principal, ScheduleRequest};
use crate::journal::{decode_schedule, encode_schedule};
use crate::runtime::KEY_LIFE;
use crate::schedule::{ScheduleSettings, timetable_of};

const SCHEDULE: &str = "schedule";
/// How often one idempotency key can be used again after its life.
const LIVES: u32 = 4096;

/// A schedule that exists durably.
#[derive(Clone, Debug)]
pub struct ScheduleCreated {
    pub schedule: ScheduleView,
    /// It was made by an earlier request with the same idempotency key, and is shown as it is now.
    pub replayed: bool,
}

impl Engine {
    /// # Errors
    /// `InvalidFields`; `TooManySchedules`, `IdempotencyKeyReused`, `Overloaded`, `Store`.
    pub async fn create_schedule(
        &self,
        by: &Principal,
        request: ScheduleRequest,
        key: Option<&IdempotentRequest>,
    ) -> Result<ScheduleCreated> {
        let now = self.shared().clock.now();
        let mut settings = self.checked_schedule(by, request).await?;
        settings.request = key.map(|key| key.fingerprint);
        let next_at = first_after(&settings, now, now)?;
        let mut new = NewSchedule {
            id: ScheduleId::from_uuid(self.shared().entropy.uuid()),
            settings: encode_schedule(&settings),
            created_at: now,
            next_at,
            most: self.shared().config.max_schedules,
        };
        let Some(key) = key else {
            let created = self.shared().store.create_schedule(&by.tenant, new).await;
            return fresh(created.map_err(refused(SCHEDULE))?);
        };
        for life in 0..LIVES {
            new.id = ScheduleId::derived(&[b"key", key.key.as_bytes(), &life.to_be_bytes()]);
            match self.shared().store.create_schedule(&by.tenant, new.clone()).await {
                Ok(record) => return fresh(record),
                Err(StoreError::Exists) => {}
                Err(error) => return Err(refused(SCHEDULE)(error)),
            }
            let schedule = self.schedule(by, new.id).await?;
            if schedule.created_at.saturating_add(KEY_LIFE) <= now {
                continue;
            }
            if schedule.settings.request != Some(key.fingerprint) {
                return Err(EngineError::IdempotencyKeyReused);
            }
            return Ok(ScheduleCreated {
                schedule,
                replayed: true,
            });
        }
        Err(EngineError::IdempotencyKeyReused)
    }

    /// # Errors
    /// `NotFound`, `Store`.
    pub async fn schedule(&self, by: &Principal, id: ScheduleId) -> Result<ScheduleView> {
        self.schedule_record(by, id).await?.try_into()
    }

    async fn schedule_record(&self, by: &Principal, id: ScheduleId) -> Result<ScheduleRecord> {
        let found = self.shared().store.schedule(&by.tenant, id).await;
        found.map_err(refused(SCHEDULE))?.ok_or(EngineError::NotFound(SCHEDULE))
    }

    /// # Errors
    /// `Store`.
    pub async fn list_schedules(&self, by: &Principal, page: Page) -> Result<PageOf<ScheduleView>> {
        let listed = self.shared().store.list_schedules(&by.tenant, page).await;
        let listed = listed.map_err(refused(SCHEDULE))?;
        let items = listed.items.into_iter().map(ScheduleView::try_from);
        Ok(PageOf {
            items: items.collect::<Result<Vec<_>>>()?,
            next: listed.next,
        })
    }

    /// Replaces all settings. Times up to now are done with: after a pause nothing is made up for.
    ///
    /// # Errors
    /// `InvalidFields`, `NotFound`; `PreconditionFailed` when `expected` is not the revision.
    pub async fn update_schedule(
        &self,
        by: &Principal,
        id: ScheduleId,
        request: ScheduleRequest,
        expected: Option<u64>,
    ) -> Result<ScheduleView> {
        let current = self.schedule_record(by, id).await?;
        let mut settings = self.checked_schedule(by, request).await?;
        // What cannot be read any more may be replaced all the same.
        settings.request = decode_schedule(&current.settings).ok().and_then(|old| old.request);
        let now = self.shared().clock.now();
        let change = ScheduleChange {
            next_at: first_after(&settings, current.created_at, now)?,
            settings: encode_schedule(&settings),
            at: now,
        };
        let store = &self.shared().store;
        let updated = store.update_schedule(&by.tenant, id, change, expected).await;
        updated.map_err(refused(SCHEDULE))?.try_into()
    }

    /// # Errors
    /// `NotFound`; `PreconditionFailed` when `expected` is not the revision.
    pub async fn delete_schedule(&self, by: &Principal, id: ScheduleId, expected: Option<u64>) -> Result<()> {
        let deleted = self.shared().store.delete_schedule(&by.tenant, id, expected).await;
        deleted.map_err(refused(SCHEDULE))
    }
}

fn fresh(record: ScheduleRecord) -> Result<ScheduleCreated> {
    Ok(ScheduleCreated {
        schedule: record.try_into()?,
        replayed: false,
    })
}

/// When it fires next, unless it is paused. The settings were checked.
fn first_after(settings: &ScheduleSettings, created_at: Timestamp, now: Timestamp) -> Result<Option<Timestamp>> {
    if settings.paused {
        return Ok(None);
    }
    let timetable = timetable_of(settings, created_at).map_err(EngineError::Corrupt)?;
    Ok(timetable.next(now))
}
