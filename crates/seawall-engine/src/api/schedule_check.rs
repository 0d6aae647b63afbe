//! What is wrong with a schedule that a client wants: everything at once.

use std::time::Duration;

use jiff::tz::TimeZone;
use seawall_store::{Overlap, WorkflowRef};
use serde_json::Value;

use crate::api::engine::Result;
use crate::api::{Engine, EngineError, Principal};
use crate::datum::Datum;
use crate::definition::{InputError, parse_duration};
use crate::runtime::{DefinitionTrouble, excess};
use crate::schedule::{CatchUp, CronPattern, ScheduleSettings, ScheduleTiming, Timetable};

/// The smallest interval: patterns have none smaller either.
const SHORTEST: Duration = Duration::from_secs(1);
/// Bytes of a zone's name.
const MAX_ZONE: usize = 64;

/// A schedule as a client asks for it.
#[derive(Clone, Debug)]
pub struct ScheduleRequest {
    pub workflow: WorkflowRef,
    pub cron: Option<String>,
    pub every: Option<String>,
    /// UTC when it is left out.
    pub time_zone: Option<String>,
    pub input: Value,
    pub overlap: Overlap,
    pub catch_up: CatchUp,
    pub paused: bool,
}

impl Engine {
    pub(super) async fn checked_schedule(&self, by: &Principal, request: ScheduleRequest) -> Result<ScheduleSettings> {
        let mut errors = Vec::new();
        let zone = zone(request.time_zone.as_deref(), &mut errors);
        let timing = match (request.cron, request.every) {
            (Some(text), None) => {
                self.check_cron(&text, zone.as_ref(), &mut errors);
                ScheduleTiming::Cron(text)
            }
            (None, Some(text)) => {
                check_every(&text, &mut errors);
                ScheduleTiming::Every(text)
            }
            (cron, _) => {
                let (code, message) = match cron {
                    Some(_) => ("exclusive", "takes either `cron` or `every`, not both"),
                    None => ("required", "needs `cron` or `every`"),
                };
                errors.push(error("/cron", code, message));
                ScheduleTiming::Cron(String::new())
            }
        };
        if let CatchUp::Last(count) = request.catch_up
            && !(1..=CatchUp::MAX).contains(&count)
        {
            let message = "expected `skip`, `once` or a number from 1 to 100";
            errors.push(error("/catch_up", "out-of-range", message));
        }
        self.check_work(by, &request.workflow, &request.input, &mut errors)
            .await?;
        if !errors.is_empty() {
            return Err(EngineError::InvalidFields(errors));
        }
        Ok(ScheduleSettings {
            workflow: request.workflow,
            timing,
            time_zone: zone.map_or_else(|| "UTC".to_owned(), |(name, _)| name),
            input: Datum::new(request.input),
            overlap: request.overlap,
            catch_up: request.catch_up,
            paused: request.paused,
            request: None,
        })
    }

    fn check_cron(&self, text: &str, zone: Option<&(String, TimeZone)>, errors: &mut Vec<InputError>) {
        let pattern = match CronPattern::parse(text) {
            Ok(pattern) => pattern,
            Err(wrong) => {
                errors.push(error("/cron", "invalid-cron", &wrong.to_string()));
                return;
            }
        };
        let Some((_, zone)) = zone else { return };
        let timetable = Timetable::Cron {
            pattern: Box::new(pattern),
            zone: zone.clone(),
        };
        if timetable.next(self.shared().clock.now()).is_none() {
            let message = "this pattern never fires: no day is like that";
            errors.push(error("/cron", "never-fires", message));
        }
    }

    async fn check_work(
        &self,
        by: &Principal,
        target: &WorkflowRef,
        input: &Value,
        errors: &mut Vec<InputError>,
    ) -> Result<()> {
        if let Some((code, reason)) = excess(input) {
            errors.push(error("/input", code, &format!("the input {reason}")));
            return Ok(());
        }
        let record = match self.workflow(by, target).await {
            Ok(record) => record,
            Err(EngineError::NotFound(_)) => {
                errors.push(error("/workflow", "unknown-workflow", "there is no such workflow"));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        if record.inline {
            // No run may be pinned to it when the time comes.
            let message = "this definition came along with a run and is forgotten with its runs; register it first";
            errors.push(error("/workflow", "unknown-workflow", message));
            return Ok(());
        }
        match self.shared().definitions.of_record(&record) {
            Ok(definition) => {
                let schema = definition.input.as_ref();
                errors.extend(schema.map_or_else(Vec::new, |schema| schema.validate(input)));
            }
            Err(DefinitionTrouble::Store(error)) => return Err(EngineError::Store(error)),
            Err(trouble) => {
                let message = format!("this workflow cannot be run here: {trouble}");
                errors.push(error("/workflow", "unusable-workflow", &message));
            }
        }
        Ok(())
    }
}

/// The zone with the name that the database has for it; None: it was refused.
fn zone(name: Option<&str>, errors: &mut Vec<InputError>) -> Option<(String, TimeZone)> {
    let name = name.unwrap_or("UTC");
    let found = if name.len() <= MAX_ZONE && !is_this_machines(name) {
        TimeZone::get(name).ok()
    } else {
        None
    };
    let named = found.and_then(|zone| Some((zone.iana_name()?.to_owned(), zone)));
    if named.is_none() {
        let message = "expected a time zone of the IANA database, such as `Europe/Berlin`";
        errors.push(error("/time_zone", "unknown-time-zone", message));
    }
    named
}

/// What folders of zones hold beside the database: this machine's own settings, and copies with other rules for leap
/// seconds. What such a name means is another thing on another machine.
fn is_this_machines(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let copies = ["posix/", "right/"];
    matches!(&*name, "localtime" | "posixrules" | "leapseconds" | "factory")
        || copies.iter().any(|folder| name.starts_with(folder))
}

fn check_every(text: &str, errors: &mut Vec<InputError>) {
    match parse_duration(text) {
        Ok(every) if every >= SHORTEST => {}
        Ok(_) => errors.push(error("/every", "out-of-range", "an interval is at least 1s")),
        Err(wrong) => errors.push(error("/every", "invalid-duration", &wrong.to_string())),
    }
}

fn error(pointer: &str, code: &str, message: &str) -> InputError {
    InputError {
        pointer: pointer.to_owned(),
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_database_are_zones_whatever_this_machine_has() {
        let found = |name: &str| zone(Some(name), &mut Vec::new()).map(|(name, _)| name);
        for (name, known) in [
            ("UTC", "UTC"),
            ("europe/berlin", "Europe/Berlin"),
            ("Etc/GMT+5", "Etc/GMT+5"),
        ] {
            assert_eq!(found(name).as_deref(), Some(known));
        }
        for name in [
            "localtime",
            "LocalTime",
            "posixrules",
            "posix/Europe/Berlin",
            "right/UTC",
            "Factory",
            "",
            "x",
        ] {
            assert_eq!(found(name), None, "{name}");
        }
    }
}
