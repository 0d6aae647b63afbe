use serde_json::json;

use super::{show, typed};
use crate::client::Call;
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;

#[derive(clap::Args, Debug)]
pub(crate) struct Create {
    /// The address by which they log in
    email: String,
    /// viewer, operator or admin
    #[arg(long)]
    role: String,
}

impl Create {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let password = typed::password(context)?;
        let body = json!({"email": self.email, "role": self.role, "password": password});
        let answer = context.ask(Work::Keep, Call::post("/api/v1/users", body)).await?;
        context.print(&answer, |user| show::text(&user))
    }
}
