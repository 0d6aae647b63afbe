//! What goes wrong.

use std::time::Duration;

use crate::sim::store::Weather;
use crate::sim::story::tell::Story;

impl Story {
    /// One thing goes wrong.
    pub(super) fn trouble(&mut self) {
        let rng = &mut self.rng;
        let place = usize::try_from(rng.below(self.fleet.places() as u64)).expect("there are few");
        match rng.weighted(&[26, 40, 12, 12, 10, 15, 16]) {
            0 => {
                if let Some(process) = self.fleet.process(place) {
                    process.kill();
                }
            }
            1 => self.fleet.start(place),
            2 => {
                let deadline = rng.millis(0, 20_000);
                self.fleet.shut_down(place, deadline);
            }
            3 => {
                let away = *rng.pick(&[0, 1, 200, 3000, 14_000]);
                self.trace
                    .line(format_args!("- RESTART of the store, away for {away} ms"));
                self.database.restart(Duration::from_millis(away));
            }
            4 => {
                let step = *rng.pick(&[-3600, -30, -1, 0, 1, 8, 30, 3600]);
                self.ahead = self.ahead.max(step);
                self.trace.line(format_args!("- CLOCK {step} s ahead"));
                self.clock.set_ahead(step);
            }
            5 => {
                if let Some(process) = self.fleet.process(place) {
                    process.part(rng.millis(500, 25_000));
                }
            }
            _ => {
                let weather = Weather::any(rng);
                self.trace.line(format_args!("- {weather:?}"));
                self.database.set_weather(weather);
            }
        }
    }

    pub(super) fn calm_down(&mut self) {
        self.trace.line(format_args!("- CALM"));
        self.database.set_weather(Weather::CALM);
        self.effects.calm_down();
        self.workers.calm.cancel();
        // Timers may have been set by a clock that was ahead: they are not waited for, time goes there.
        self.clock.set_ahead(self.ahead);
        self.fleet.start_all();
    }
}
