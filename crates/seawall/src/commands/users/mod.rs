//! `seawall users`.

mod create;
mod delete;
mod list;
mod password;
mod show;
mod typed;
mod update;

use clap::Subcommand;

use super::Done;
use crate::context::Context;

#[derive(Subcommand, Debug)]
pub(crate) enum Users {
    /// Make a user; the password is asked for, or read from stdin
    Create(create::Create),
    /// List users, newest first
    List(list::List),
    /// Show a user
    Show(show::Show),
    /// Change a user's role, or whether they may log in
    Update(update::Update),
    /// Set another password, and end the user's logins; it is asked for, or read from stdin
    Password(password::SetPassword),
    /// Delete a user, and end their logins
    Delete(delete::Delete),
}

impl Users {
    pub(super) async fn execute(self, context: &Context) -> Done {
        match self {
            Self::Create(command) => command.execute(context).await,
            Self::List(command) => command.execute(context).await,
            Self::Show(command) => command.execute(context).await,
            Self::Update(command) => command.execute(context).await,
            Self::Password(command) => command.execute(context).await,
            Self::Delete(command) => command.execute(context).await,
        }
    }
}
