//! `seawall completions`.

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

use super::Done;
use crate::args::Args;
use crate::context::Context;
use crate::exit::Exit;

#[derive(clap::Args, Debug)]
pub(crate) struct Completions {
    shell: Shell,
}

impl Completions {
    pub(super) fn execute(self, context: &Context) -> Done {
        let mut script = Vec::new();
        generate(self.shell, &mut Args::command(), "seawall", &mut script);
        context.out.line(String::from_utf8_lossy(&script).trim_end())?;
        Ok(Exit::Done)
    }
}
