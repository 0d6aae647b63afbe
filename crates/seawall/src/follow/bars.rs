//! Live progress on a terminal: a line for each step that is going on; lines of what has happened scroll above.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio::time::Instant;

use super::activity::{Activity, Doing};
use super::board::Board;
use crate::output::plain;

/// More lines than this would push each other off the screen.
const MOST: usize = 12;
const SPINNER: &str = "{spinner} {prefix}  {msg} {elapsed}";
/// Of a map, once it knows its items.
const BAR: &str = "{spinner} {prefix}  [{bar:30}] {pos}/{len} {msg}";
const TICK: Duration = Duration::from_millis(120);
/// Between two looks at what goes on: a map of thousands of items has an event for each, and nobody reads that fast. A
/// run that falls silent is looked at once more.
const PACE: Duration = Duration::from_millis(50);

/// The lines that are drawn now.
#[derive(Default)]
pub(super) struct Bars {
    all: MultiProgress,
    steps: BTreeMap<String, ProgressBar>,
    shown_at: Option<Instant>,
}

impl Bars {
    pub(super) fn say(&self, text: &str) {
        // A terminal that cannot be written to has nobody to read it.
        let _ = self.all.println(text);
    }

    pub(super) fn clear(&mut self) {
        self.shown_at = None;
        for bar in std::mem::take(&mut self.steps).into_values() {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
        let _ = self.all.clear();
    }

    /// Draws what has begun and not ended.
    pub(super) fn show(&mut self, board: &Board) {
        if self.shown_at.is_some_and(|shown_at| shown_at.elapsed() < PACE) {
            return;
        }
        self.shown_at = Some(Instant::now());
        let steps: BTreeMap<String, &Doing> = board
            .begun
            .iter()
            .filter(|(activity, _)| activity.item.is_none())
            .map(|(activity, begun)| (activity.to_string(), &begun.doing))
            .take(MOST)
            .collect();
        let all = &self.all;
        self.steps.retain(|step, bar| {
            let keep = steps.contains_key(step);
            if !keep {
                bar.finish_and_clear();
                all.remove(bar);
            }
            keep
        });
        for (step, doing) in steps {
            let bar = self.steps.entry(step.clone()).or_insert_with(|| {
                let bar = all.add(ProgressBar::new(0).with_style(style(SPINNER)).with_prefix(plain(&step)));
                bar.enable_steady_tick(TICK);
                bar
            });
            if let Some(items) = board.maps.get(&step) {
                if bar.length() != Some(items.total) {
                    bar.set_style(style(BAR));
                }
                bar.set_length(items.total);
                bar.set_position(items.done);
            }
            bar.set_message(words(board, &step, doing));
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
    style.progress_chars("=> ")
}

fn words(board: &Board, step: &str, doing: &Doing) -> String {
    match doing {
        Doing::Attempt => "running".to_owned(),
        Doing::Retry => "waits for its next attempt".to_owned(),
        Doing::Timer => "sleeps".to_owned(),
        Doing::Items => {
            let of_step =
                |activity: &&Activity| activity.step == step && activity.item.is_some() && activity.part.is_none();
            format!("({} running)", board.begun.keys().filter(of_step).count())
        }
        Doing::Signal { name } => format!("waits for the signal {}", plain(name)),
        Doing::Approval { .. } => "waits for a decision".to_owned(),
        Doing::Child { run } => format!("waits for {}", plain(run)),
        Doing::Unknown { .. } => "nobody knows whether it happened".to_owned(),
    }
}
