//! A new run: begun once, then followed to its end or left to a server.

use http::{HeaderName, HeaderValue};

use super::Done;
use crate::client::{Answer, Call, Client, Run};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::follow::{Follower, drive};

/// How a run begins.
#[derive(clap::Args, Debug)]
pub(super) struct Beginning {
    /// Print the new run's id and leave it to the server
    #[arg(long)]
    detach: bool,
    /// The same key begins the same run once
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<HeaderValue>,
}

impl Beginning {
    /// Refuses to leave a run to nobody.
    pub(super) fn check(&self, client: &Client) -> Result<(), Failure> {
        if self.detach && client.is_local() {
            return Err(Failure::Usage(
                "error: --detach leaves the run to a server, and none serves this data folder: start `seawall serve`, or \
                 leave --detach out"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// The call that begins it, with its key.
    pub(super) fn keyed(&self, call: Call) -> Call {
        match &self.idempotency_key {
            Some(key) => call.header(HeaderName::from_static("idempotency-key"), key.clone()),
            None => call,
        }
    }

    /// What becomes of the run that was begun.
    pub(super) async fn follow(&self, context: &Context, client: &Client, begun: &Answer) -> Done {
        let run: Run = begun.view()?;
        if !self.detach {
            return drive(Follower::new(context, client, &run.id)?).await;
        }
        if context.global.json {
            context.out.json(&begun.value)?;
        } else {
            context.out.line(&run.id)?;
        }
        Ok(Exit::Done)
    }
}
