use std::fmt;

use crate::contract::differential::op::Op;
use crate::contract::differential::side::Side;
use crate::manual_clock::ManualClock;
use crate::roles::Store;
use crate::time::{StoreClock as _, Timestamp};

/// Where two stores first answered differently.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Divergence {
    /// The operation, by its number and as text; none: the final contents.
    pub op: Option<(usize, String)>,
    pub a: String,
    pub b: String,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.op {
            Some((number, op)) => writeln!(f, "operation {number}, {op}, has two answers")?,
            None => writeln!(f, "the contents differ")?,
        }
        writeln!(f, "--- a\n{}\n--- b\n{}", self.a, self.b)
    }
}

/// Applies `ops` to two fresh stores that read `clock` and compares answers and final contents. Both must be exclusive, or
/// neither.
///
/// # Errors
/// At the first difference.
pub async fn run_differential(
    ops: &[Op],
    a: &dyn Store,
    b: &dyn Store,
    clock: &ManualClock,
) -> Result<(), Box<Divergence>> {
    let (mut a, mut b) = (Side::new(a, clock).await, Side::new(b, clock).await);
    for (number, op) in ops.iter().enumerate() {
        match op {
            Op::Advance(millis) => clock.advance(std::time::Duration::from_millis(u64::from(*millis))),
            Op::SetBack(millis) => {
                clock.set(Timestamp::from_millis(clock.now().as_millis() - i64::from(*millis)));
            }
            _ => {}
        }
        compare(
            Some((number, format!("{op:?}"))),
            a.apply(number, op).await,
            b.apply(number, op).await,
        )?;
    }
    compare(None, a.contents().await, b.contents().await)?;
    // What waits in inboxes and who may claim what shows only to a node that takes everything over.
    for _ in 0..2 {
        clock.advance(std::time::Duration::from_secs(3600));
        compare(None, a.take_over().await, b.take_over().await)?;
        compare(None, miscounts(&a).await, miscounts(&b).await)?;
    }
    Ok(())
}

/// None in a store that counts at every question.
async fn miscounts(side: &Side<'_>) -> String {
    format!("{:?}", side.store.inspect_counts().await)
}

pub(super) fn compare(op: Option<(usize, String)>, a: String, b: String) -> Result<(), Box<Divergence>> {
    if a == b {
        return Ok(());
    }
    Err(Box::new(Divergence { op, a, b }))
}
