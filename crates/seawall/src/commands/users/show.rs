use crate::client::{Call, User, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::output::plain;

#[derive(clap::Args, Debug)]
pub(crate) struct Show {
    /// The user: usr_…
    user: String,
}

impl Show {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let call = Call::get(format!("/api/v1/users/{}", segment(&self.user)));
        let answer = context.ask(Work::Look, call).await?;
        context.print(&answer, |user| text(&user))
    }
}

/// A user for people.
pub(super) fn text(user: &User) -> String {
    let never = || "never".to_owned();
    let mut lines = vec![
        format!("{}  {}", user.id, plain(&user.email)),
        format!("  role        {}", plain(&user.role)),
        format!("  active      {}", if user.active { "yes" } else { "no" }),
        format!("  made        {}", user.created_at),
        format!(
            "  last login  {}",
            user.last_login_at.map_or_else(never, |time| time.to_string())
        ),
    ];
    if let Some(until) = user.locked_until {
        lines.push(format!("  locked      until {until}"));
    }
    lines.join("\n")
}
