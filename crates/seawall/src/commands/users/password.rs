use serde_json::json;

use super::{show, typed};
use crate::client::{Call, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;

#[derive(clap::Args, Debug)]
pub(crate) struct SetPassword {
    /// The user: usr_…
    user: String,
}

impl SetPassword {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let body = json!({"password": typed::password(context)?});
        let path = format!("/api/v1/users/{}", segment(&self.user));
        let answer = context.ask(Work::Look, Call::patch(path, body)).await?;
        context.print(&answer, |user| show::text(&user))
    }
}
