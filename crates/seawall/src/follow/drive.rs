//! A run from here to its end: follow, ask where somebody can be asked, and say at the end how it went.

use serde_json::Value;

use super::follower::{Follower, Settled};
use super::person::{Said, ask};
use super::standstill::Need;
use super::terminal::Terminal;
use crate::client::{Call, Client, Run, RunStatus, segment};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{human_duration, plain, tell};

/// Follows the run, answering its questions at the terminal, until it has ended or stands still.
pub(crate) async fn drive(mut follower: Follower<'_>) -> Result<Exit, Failure> {
    let run = follower.read_run().await?;
    follower.begin(&run);
    loop {
        let settled = follower.until_settled().await;
        follower.sink.clear();
        match settled? {
            Settled::Ended(run) => {
                let is_json = follower.sink.is_json();
                return finish(follower.context, follower.client, &run.id, is_json).await;
            }
            Settled::Interrupted => {
                tell(&interrupted(&follower));
                return Ok(Exit::Interrupted);
            }
            Settled::Needs(run, needs) => {
                let said = if follower.context.interactive {
                    answer(&mut follower, &needs).await?
                } else {
                    Heard::Nothing
                };
                match said {
                    Heard::Answer => {}
                    Heard::Nothing => return stand(&follower, &run, &needs).await,
                    Heard::Signal => {
                        tell(&interrupted(&follower));
                        return Ok(Exit::Interrupted);
                    }
                }
            }
        }
    }
}

/// After a message to a run: in this process the run is driven on, a server does that by itself.
pub(crate) async fn after_message(
    context: &Context,
    client: &Client,
    mut follower: Follower<'_>,
) -> Result<Exit, Failure> {
    if client.is_local() {
        return drive(follower).await;
    }
    follower.sink.clear();
    let path = format!("/api/v1/runs/{}", segment(&follower.run));
    let answer = client.call(Call::get(path)).await?;
    if context.global.json {
        context.out.json(&answer.value)?;
    } else {
        let run: Run = answer.view()?;
        context.out.line(&format!("{} is {}", run.id, run.status.as_str()))?;
    }
    Ok(Exit::Done)
}

/// Prints the run's output, or its error, and gives its exit code.
async fn finish(context: &Context, client: &Client, id: &str, whole: bool) -> Result<Exit, Failure> {
    let answer = client.call(Call::get(format!("/api/v1/runs/{}", segment(id)))).await?;
    let run: Run = answer.view()?;
    if whole {
        context.out.json(&answer.value)?;
        return Ok(Exit::of_run(run.status));
    }
    tell(&summary(context, &run));
    if run.status == RunStatus::Succeeded && run.output != Value::Null {
        context.out.value(&run.output)?;
    }
    Ok(Exit::of_run(run.status))
}

fn summary(context: &Context, run: &Run) -> String {
    let paint = context.paint;
    let took = match (run.started_at, run.finished_at) {
        (Some(from), Some(to)) => {
            let millis = to.as_millisecond().saturating_sub(from.as_millisecond());
            format!(" in {}", human_duration(millis.max(0).unsigned_abs()))
        }
        _ => String::new(),
    };
    let said = format!("{} {}{took}", run.id, run.status.as_str());
    match (&run.error, run.status) {
        (_, RunStatus::Succeeded) => paint.green(&said),
        (Some(error), status) => {
            let step = error
                .step_id
                .as_ref()
                .map_or_else(String::new, |step| format!(" at {step}"));
            let retry = if status == RunStatus::Failed {
                format!(
                    "\n  again from what failed: {}",
                    context.program.line(&["runs", "retry", &run.id])
                )
            } else {
                String::new()
            };
            format!(
                "{}{step}: [{}] {}\n  all of it: {}{retry}",
                paint.red(&said),
                plain(&error.code),
                plain(error.message.as_deref().unwrap_or_default()),
                context.program.line(&["runs", "show", &run.id])
            )
        }
        (None, _) => paint.yellow(&said),
    }
}

fn interrupted(follower: &Follower<'_>) -> String {
    let context = follower.context;
    let follow = context.program.line(&["runs", "follow", &follower.run]);
    if follower.client.is_local() {
        let serve = context.program.line(&["serve"]);
        format!(
            "{} is put aside; nothing is lost. To go on: {follow}, or {serve}",
            follower.run
        )
    } else {
        format!("{} goes on in the server. To look at it again: {follow}", follower.run)
    }
}

/// What came of a question.
enum Heard {
    /// It was sent to the run.
    Answer,
    /// Not now.
    Nothing,
    /// The process is to end.
    Signal,
}

/// Asks the person at the terminal.
async fn answer(follower: &mut Follower<'_>, needs: &[Need]) -> Result<Heard, Failure> {
    let Some(need) = needs.first().cloned() else {
        return Ok(Heard::Nothing);
    };
    let terminal = Terminal::remember();
    let asked = tokio::task::spawn_blocking(move || ask(&need));
    let said = tokio::select! {
        asked = asked => asked.map_err(|error| Failure::Other(error.into()))?,
        // The keyboard's Ctrl-C is a key to the question; a signal from elsewhere must not wait for the person. The thread
        // that asks stays behind.
        () = follower.interrupted() => {
            terminal.restore();
            return Ok(Heard::Signal);
        }
    };
    match said.map_err(|error| Failure::Other(error.into()))? {
        Said::Later => Ok(Heard::Nothing),
        Said::Answer(call) => {
            match follower.client.call(call).await {
                Ok(_) => {}
                // Somebody, or the timeout, was first: what happened comes with the next events.
                Err(error) if error.problem().is_some_and(|problem| problem.status == 409) => {
                    follower.sink.say(&Failure::from(error).text());
                }
                Err(error) => return Err(error.into()),
            }
            follower.expect_news();
            Ok(Heard::Answer)
        }
    }
}

/// Says what the run needs, and how to give it.
async fn stand(follower: &Follower<'_>, run: &Run, needs: &[Need]) -> Result<Exit, Failure> {
    let context = follower.context;
    tell(&context.paint.yellow(&format!("{} is {}", run.id, run.status.as_str())));
    for need in needs {
        tell(&plain(&need.question()));
        for command in need.commands(&context.program) {
            tell(&format!("  {command}"));
        }
    }
    if follower.sink.is_json() {
        let path = format!("/api/v1/runs/{}", segment(&run.id));
        context.out.json(&follower.client.call(Call::get(path)).await?.value)?;
    }
    Ok(Exit::NeedsPerson)
}
