use crate::client::{Query, User};
use crate::commands::Done;
use crate::commands::listed::{Part, list};
use crate::context::Context;
use crate::output::ago;

#[derive(clap::Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    part: Part,
}

impl List {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let path = self.part.of(Query::default()).of("/api/v1/users");
        let head = ["ID", "EMAIL", "ROLE", "STATE", "LAST LOGIN"];
        let now = context.now();
        list(context, path, head, |user: User| {
            let state = user.state(now).to_owned();
            let last = user
                .last_login_at
                .map_or_else(|| "never".to_owned(), |time| ago(time, now));
            [user.id, user.email, user.role, state, last]
        })
        .await
    }
}
