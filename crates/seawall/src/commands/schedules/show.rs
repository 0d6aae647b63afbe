use crate::client::{Call, Schedule, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::output::plain;

#[derive(clap::Args, Debug)]
pub(crate) struct Show {
    /// The schedule: sched_…
    schedule: String,
}

impl Show {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let call = Call::get(format!("/api/v1/schedules/{}", segment(&self.schedule)));
        let answer = context.ask(Work::Look, call).await?;
        context.print(&answer, |schedule| text(&schedule))
    }
}

/// A schedule for people.
pub(super) fn text(schedule: &Schedule) -> String {
    let mut lines = vec![
        format!("{}  {}", schedule.id, plain(&schedule.workflow)),
        format!("  when      {}", schedule.when()),
        format!("  next      {}", schedule.next()),
        format!("  last      {}", schedule.last()),
        format!(
            "  overlap   {}, catch up {}",
            schedule.overlap,
            plain(&schedule.catch_up_text())
        ),
        format!(
            "  no run    {} skipped, {} missed, {} failed",
            schedule.skipped, schedule.missed, schedule.failed
        ),
    ];
    if let Some(error) = &schedule.last_error {
        lines.push(format!("  error     {}: {}", plain(&error.code), plain(&error.message)));
    }
    lines.join("\n")
}
