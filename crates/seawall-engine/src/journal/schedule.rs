//! The settings of a schedule.

use std::borrow::Cow;
use std::sync::Arc;

use seawall_store::{Overlap, WorkflowRef};
use serde::{Deserialize, Serialize};

use crate::journal::codec::CodecError;
use crate::journal::stored::{Hex, Json, Str};
use crate::schedule::{CatchUp, ScheduleSettings, ScheduleTiming};

const VERSION: u32 = 1;

#[derive(Deserialize)]
struct Header {
    v: u32,
}

#[derive(Serialize, Deserialize)]
struct SettingsV1<'a> {
    v: u32,
    #[serde(borrow)]
    workflow: Str<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    cron: Option<Str<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    every: Option<Str<'a>>,
    #[serde(borrow)]
    zone: Str<'a>,
    input: Json,
    overlap: OverlapV1,
    catch_up: CatchUpV1,
    paused: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Hex>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OverlapV1 {
    Skip,
    Queue,
    Allow,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CatchUpV1 {
    Skip,
    Once,
    Last(u32),
}

#[must_use]
pub(crate) fn encode_schedule(settings: &ScheduleSettings) -> Arc<[u8]> {
    let (cron, every) = match &settings.timing {
        ScheduleTiming::Cron(text) => (Some(Cow::Borrowed(&**text)), None),
        ScheduleTiming::Every(text) => (None, Some(Cow::Borrowed(&**text))),
    };
    let stored = SettingsV1 {
        v: VERSION,
        workflow: match &settings.workflow {
            WorkflowRef::Id(id) => Cow::Owned(id.to_string()),
            WorkflowRef::Name(name) => Cow::Borrowed(name),
        },
        cron,
        every,
        zone: Cow::Borrowed(&settings.time_zone),
        input: Json(settings.input.clone()),
        overlap: match settings.overlap {
            Overlap::Skip => OverlapV1::Skip,
            Overlap::Queue => OverlapV1::Queue,
            Overlap::Allow => OverlapV1::Allow,
        },
        catch_up: match settings.catch_up {
            CatchUp::Skip => CatchUpV1::Skip,
            CatchUp::Once => CatchUpV1::Once,
            CatchUp::Last(count) => CatchUpV1::Last(count),
        },
        paused: settings.paused,
        request: settings.request.map(Hex),
    };
    serde_json::to_vec(&stored)
        .expect("writing to memory does not fail, and every key is a string")
        .into()
}

/// # Errors
/// [`CodecError::Newer`] for what a newer program wrote; otherwise it is damaged. Never panics.
pub(crate) fn decode_schedule(bytes: &[u8]) -> Result<ScheduleSettings, CodecError> {
    let header: Header = serde_json::from_slice(bytes).map_err(CodecError::Damaged)?;
    if header.v != VERSION {
        return Err(CodecError::Newer {
            kind: "schedule".to_owned(),
            version: header.v,
        });
    }
    let stored: SettingsV1<'_> = serde_json::from_slice(bytes).map_err(CodecError::Damaged)?;
    let timing = match (stored.cron, stored.every) {
        (Some(text), None) => ScheduleTiming::Cron(text.into_owned()),
        (None, Some(text)) => ScheduleTiming::Every(text.into_owned()),
        _ => {
            let what = "a schedule has a pattern or an interval";
            return Err(CodecError::Damaged(serde::de::Error::custom(what)));
        }
    };
    let workflow = stored.workflow;
    Ok(ScheduleSettings {
        workflow: workflow
            .parse()
            .map_or_else(|_| WorkflowRef::Name(workflow.into_owned()), WorkflowRef::Id),
        timing,
        time_zone: stored.zone.into_owned(),
        input: stored.input.0,
        overlap: match stored.overlap {
            OverlapV1::Skip => Overlap::Skip,
            OverlapV1::Queue => Overlap::Queue,
            OverlapV1::Allow => Overlap::Allow,
        },
        catch_up: match stored.catch_up {
            CatchUpV1::Skip => CatchUp::Skip,
            CatchUpV1::Once => CatchUp::Once,
            CatchUpV1::Last(count) => CatchUp::Last(count),
        },
        paused: stored.paused,
        request: stored.request.map(|hex| hex.0),
    })
}
