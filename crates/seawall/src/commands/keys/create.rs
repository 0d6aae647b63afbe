use serde_json::json;

use crate::client::{Call, NewApiKey};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::tell;

#[derive(clap::Args, Debug)]
pub(crate) struct Create {
    /// What people call it
    name: String,
    /// What it may do: runs:read, runs:write, …; several times, or with commas between them
    #[arg(long = "scope", value_name = "SCOPE", required = true, value_delimiter = ',')]
    scopes: Vec<String>,
    /// For how long it counts: 90d [default: until it is revoked]
    #[arg(long, value_name = "DURATION")]
    expires_in: Option<String>,
}

impl Create {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let mut body = json!({"name": self.name, "scopes": self.scopes});
        if let Some(lives) = self.expires_in {
            body["expires_in"] = lives.into();
        }
        let answer = context.ask(Work::Keep, Call::post("/api/v1/api-keys", body)).await?;
        if context.global.json {
            context.out.json(&answer.value)?;
            return Ok(Exit::Done);
        }
        // The key alone on stdout, so that a program can take it.
        let key: NewApiKey = answer.view()?;
        context.out.line(&key.secret)?;
        tell(&format!(
            "{} was made. This is the only time that the key is shown.",
            key.id
        ));
        Ok(Exit::Done)
    }
}
