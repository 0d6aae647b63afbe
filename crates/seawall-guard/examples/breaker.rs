//! A circuit breaker round a dependency that breaks and recovers. Nothing is opened, nothing listens.
//!
//! `cargo run -p seawall-guard --example breaker`

use std::error::Error;
use std::io::{Write as _, stdout};
use std::time::Duration;

use seawall_guard::breaker::{Breaker, BreakerConfig, CallError, Observer, Transition, Window};
use tokio::time::{Instant, sleep};

/// Somebody else's service, which is down from 0.3 s to 1.2 s.
async fn charge(began: Instant) -> Result<&'static str, &'static str> {
    sleep(Duration::from_millis(10)).await;
    let down = Duration::from_millis(300)..Duration::from_millis(1200);
    match down.contains(&began.elapsed()) {
        true => Err("connection refused"),
        false => Ok("charged"),
    }
}

/// Where a real service logs and counts.
struct Tells;

impl Observer for Tells {
    fn changed(&self, transition: &Transition) {
        let Transition { from, to, cause, .. } = transition;
        // An observer has nobody to give an error to.
        let _ = writeln!(stdout(), "         {from} -> {to}: {cause}");
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = BreakerConfig::builder()
        .window(Window::Calls(10))
        .minimum_calls(4)
        .failure_ratio(0.5)
        .open_for(Duration::from_millis(300))
        .half_open_permits(2)
        .build()?;
    let payments = Breaker::observed("payments", config, Tells);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3) {
        let result = payments.call(charge(began)).await;
        let at = began.elapsed().as_millis();
        match result {
            Ok(answer) => writeln!(stdout(), "{at:5} ms {answer}")?,
            Err(CallError::Failed(error)) => writeln!(stdout(), "{at:5} ms failed: {error}")?,
            Err(CallError::Rejected(rejected)) => writeln!(stdout(), "{at:5} ms not called: {rejected}")?,
        }
        sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}
