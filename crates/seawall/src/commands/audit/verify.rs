use crate::client::{AuditVerification, Call, Query};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::plain;

#[derive(clap::Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Verify {
    /// Only what comes after this record, which an earlier verification came to
    #[arg(long, value_name = "SEQ", requires = "seal")]
    after: Option<u64>,
    /// The seal that it printed: also a trail that was set back as a whole does not have it
    #[arg(long, value_name = "HEX", requires = "after")]
    seal: Option<String>,
}

const EXIT_CODES: &str = "\
Exit codes: 0 every record is as it was written; 1 one was changed, is missing or was cut off; 2 the trail could not be checked.";

impl Verify {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let (found, value) = context
            .with_client(Work::Look, async |client| {
                let (mut after, mut seal) = (self.after, self.seal.clone());
                loop {
                    let query = Query::default().with("after", after).with("seal", seal);
                    let answer = client.call(Call::get(query.of("/api/v1/audit/verify"))).await?;
                    let found: AuditVerification = answer.view()?;
                    if !found.more {
                        return Ok::<_, Failure>((found, answer.value));
                    }
                    after = Some(found.verified);
                    seal = Some(found.seal);
                }
            })
            .await?;
        if context.global.json {
            context.out.json(&value)?;
        } else {
            context.out.line(&text(&found))?;
        }
        Ok(if found.valid { Exit::Done } else { Exit::Failed })
    }
}

fn text(found: &AuditVerification) -> String {
    match &found.fault {
        Some(fault) => format!(
            "wrong ({}): {}\n{} records before it are as they were written",
            plain(&fault.code),
            plain(&fault.message),
            found.verified
        ),
        None => format!(
            "{} records, each as it was written\nseal {}",
            found.verified,
            plain(&found.seal)
        ),
    }
}
