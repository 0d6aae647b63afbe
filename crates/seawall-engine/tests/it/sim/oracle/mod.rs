//! Whether a story may end like this. It looks at the rows, the journals, the log of the effects and of the workers, and at what
//! clients were told, and knows nothing of how the runtime works. What must hold all the time, `witness` has looked at.

mod forks;
mod journals;
mod judge;
mod runs;
mod schedules;
mod tasks;
mod told;
mod undo;

pub(crate) use journals::{Ended, read};
pub(crate) use judge::{Findings, Seen, judge};
