//! Cancel, pause, resume, retry.

use super::many::{Targets, many};
use crate::client::{Call, Client, Run, RunStatus, segment};
use crate::commands::{Done, message};
use crate::compose::Work;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

#[derive(clap::Args, Debug)]
pub(crate) struct Target {
    /// The run: run_…
    run: String,
}

/// One run, which is followed, or many, which are only told.
pub(super) async fn one_or_many(context: &Context, targets: &Targets, verb: Control) -> Done {
    match &targets.run {
        Some(run) => control(context, &Target { run: run.clone() }, verb).await,
        None => many(context, targets, verb.verb()).await,
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Control {
    Cancel,
    Pause,
    Resume,
    Retry,
}

impl Control {
    const fn verb(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Retry => "retry",
        }
    }

    /// Where the command was to lead, if that is no end or standstill of its own accord.
    const fn aim(self) -> Option<RunStatus> {
        match self {
            Self::Cancel => Some(RunStatus::Cancelled),
            Self::Pause => Some(RunStatus::Paused),
            Self::Resume | Self::Retry => None,
        }
    }
}

pub(super) async fn control(context: &Context, target: &Target, control: Control) -> Done {
    let path = format!("/api/v1/runs/{}", segment(&target.run));
    context
        .with_client(Work::Drive, async |client| {
            let call = Call::tell(format!("{path}/{}", control.verb()));
            let exit = message::send(context, client, &target.run, call).await?;
            reached(client, &path, control, exit).await
        })
        .await
}

/// A run that was to be cancelled and is, is no failure.
async fn reached(client: &Client, path: &str, control: Control, exit: Exit) -> Result<Exit, Failure> {
    match control.aim() {
        Some(aim) if exit != Exit::Done => {
            let run: Run = client.call(Call::get(path)).await?.view()?;
            Ok(if run.status == aim { Exit::Done } else { exit })
        }
        _ => Ok(exit),
    }
}
