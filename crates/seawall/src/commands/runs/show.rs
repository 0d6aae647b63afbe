use serde_json::Value;

use crate::client::{Call, ErrorView, Run, Step, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::output::{Table, human_duration, plain};

#[derive(clap::Args, Debug)]
pub(crate) struct Show {
    /// The run: run_…
    run: String,
}

impl Show {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let call = Call::get(format!("/api/v1/runs/{}", segment(&self.run)));
        let answer = context.ask(Work::Look, call).await?;
        context.print(&answer, |run| text(&run))
    }
}

fn text(run: &Run) -> String {
    let undone = if run.compensating { ", being undone" } else { "" };
    let mut lines = vec![
        format!("{}  {}{undone}", run.id, run.status.as_str()),
        format!("workflow  {} v{}", plain(&run.workflow.name), run.workflow.version),
        format!("created   {}", run.created_at),
    ];
    if let Some(fork) = &run.forked_from {
        lines.push(format!("fork of   {} from {}", fork.run_id, plain(&fork.from_step)));
    }
    if let Some(finished) = run.finished_at {
        lines.push(format!("finished  {finished}"));
    }
    lines.push(format!("input     {}", run.input));
    if let Some(error) = &run.error {
        lines.push(format!("error     {}", error_text(error)));
    }
    if !run.steps.is_empty() {
        let mut table = Table::new(&["STEP", "KIND", "EFFECT", "STATUS", "ATTEMPTS", "TOOK", ""]);
        for step in &run.steps {
            table.row(row(step));
        }
        lines.push(String::new());
        lines.push(table.text());
    }
    if run.output != Value::Null {
        lines.push(String::new());
        lines.push(format!("output {:#}", run.output));
    }
    lines.join("\n")
}

fn row(step: &Step) -> [String; 7] {
    let mut remarks = Vec::new();
    match (&step.error, step.items_done, step.items_total) {
        (Some(error), ..) => remarks.push(error_text(error)),
        (None, Some(done), Some(total)) => remarks.push(format!("{done} of {total} items")),
        _ => {}
    }
    if step.copied {
        remarks.push("copied".to_owned());
    }
    if let Some(part) = &step.compensation {
        let error = part.error.as_ref();
        let error = error.map_or_else(String::new, |error| format!(" [{}]", plain(&error.code)));
        remarks.push(format!("compensation {}{error}", plain(&part.status)));
    }
    [
        step.id.clone(),
        step.kind.clone(),
        step.effect.clone(),
        step.status.clone(),
        step.attempts.to_string(),
        step.duration_ms.map_or_else(String::new, human_duration),
        remarks.join("; "),
    ]
}

fn error_text(error: &ErrorView) -> String {
    let step = error
        .step_id
        .as_ref()
        .map_or_else(String::new, |step| format!("{step}: "));
    plain(&format!(
        "{step}[{}] {}",
        error.code,
        error.message.as_deref().unwrap_or_default()
    ))
}
