use serde_json::Value;

use crate::client::{Call, ErrorView, Run, Step, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::{Table, human_duration, plain};

#[derive(clap::Args, Debug)]
pub(crate) struct Show {
    /// The run: run_…
    run: String,
}

impl Show {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let call = Call::get(format!("/api/v1/runs/{}", segment(&self.run)));
        let answer = context
            .with_client(Work::Look, async |client| Ok(client.call(call).await?))
            .await?;
        if context.global.json {
            context.out.json(&answer.value)?;
        } else {
            context.out.line(&text(&answer.view()?))?;
        }
        Ok(Exit::Done)
    }
}

fn text(run: &Run) -> String {
    let mut lines = vec![
        format!("{}  {}", run.id, run.status.as_str()),
        format!("workflow  {} v{}", plain(&run.workflow.name), run.workflow.version),
        format!("created   {}", run.created_at),
    ];
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
    let remark = match (&step.error, step.items_done, step.items_total) {
        (Some(error), ..) => error_text(error),
        (None, Some(done), Some(total)) => format!("{done} of {total} items"),
        _ => String::new(),
    };
    [
        step.id.clone(),
        step.kind.clone(),
        step.effect.clone(),
        step.status.clone(),
        step.attempts.to_string(),
        step.duration_ms.map_or_else(String::new, human_duration),
        remark,
    ]
}

fn error_text(error: &ErrorView) -> String {
    let step = error
        .step_id
        .as_ref()
        .map_or_else(String::new, |step| format!("{step}: "));
    plain(&format!("{step}[{}] {}", error.code, error.message))
}
