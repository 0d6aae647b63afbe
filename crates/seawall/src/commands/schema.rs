//! `seawall schema`.

use clap::Subcommand;
use seawall_engine::workflow_schema;

use super::Done;
use crate::compose::registry;
use crate::context::Context;
use crate::exit::Exit;

#[derive(Subcommand, Debug)]
pub(crate) enum Schema {
    /// Of workflow definitions: for editors and validators
    Workflow,
}

impl Schema {
    pub(super) fn execute(self, context: &Context) -> Done {
        let schema = match self {
            Self::Workflow => workflow_schema(&registry(&context.client_config()?)),
        };
        if context.global.json {
            context.out.json(&schema)?;
        } else {
            context.out.value(&schema)?;
        }
        Ok(Exit::Done)
    }
}
