use clap::ArgAction;
use serde_json::{Map, Value};

use super::show;
use crate::client::{Call, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;

/// What is left out stays as it is.
#[derive(clap::Args, Debug)]
#[command(group(clap::ArgGroup::new("change").required(true).multiple(true)
    .args(["role", "activate", "deactivate"])))]
pub(crate) struct Update {
    /// The user: usr_…
    user: String,
    /// viewer, operator or admin
    #[arg(long)]
    role: Option<String>,
    /// Let them log in again
    #[arg(long, conflicts_with = "deactivate", action = ArgAction::SetTrue)]
    activate: bool,
    /// Let them log in no more, and end their logins
    #[arg(long, action = ArgAction::SetTrue)]
    deactivate: bool,
}

impl Update {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let mut body = Map::new();
        if let Some(role) = self.role {
            body.insert("role".to_owned(), role.into());
        }
        if self.activate || self.deactivate {
            body.insert("active".to_owned(), self.activate.into());
        }
        let path = format!("/api/v1/users/{}", segment(&self.user));
        let answer = context.ask(Work::Look, Call::patch(path, Value::Object(body))).await?;
        context.print(&answer, |user| show::text(&user))
    }
}
