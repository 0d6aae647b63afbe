use tokio::time::{Instant, interval_at};

use super::activity::Activity;
use super::limits;
use super::places::Pressure;

/// Waits until nothing has gone on with a connection for so long that it need not be kept; or shorter, where its place is needed.
/// For HTTP/2, which has no moment between two requests, and in which a client may leave one answer unread while it takes
/// others: it is looked at from time to time instead.
pub(super) async fn rested(activity: &Activity, pressure: &Pressure) {
    let mut looks = interval_at(Instant::now() + limits::IDLE_LOOK, limits::IDLE_LOOK);
    let (mut before, mut idle) = (activity.look(), 0);
    loop {
        tokio::select! {
            _ = looks.tick() => {
                let now = activity.look();
                idle = if now.is_idle_since(&before) { idle + 1 } else { 0 };
                before = now;
                if idle >= limits::IDLE_LOOKS {
                    return;
                }
            }
            () = pressure.asked(), if idle > 0 => {
                if activity.look().is_idle_since(&before) {
                    return;
                }
            }
        }
    }
}
