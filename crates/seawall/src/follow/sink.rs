//! Where progress goes.

use super::bars::Bars;
use super::board::Board;
use super::words::line;
use crate::client::{Received, Run};
use crate::failure::Failure;
use crate::output::{Output, Paint, tell};

/// One of three ways to tell of progress.
pub(super) enum Sink<'a> {
    /// Lines on stderr.
    Lines(Paint),
    /// A terminal on stderr that can be drawn over.
    Bars(Paint, Box<Bars>),
    /// Every event as one line of JSON on stdout.
    Json(&'a Output),
}

impl<'a> Sink<'a> {
    pub(super) fn of(out: &'a Output, json: bool, interactive: bool, paint: Paint) -> Self {
        if json {
            Self::Json(out)
        } else if interactive {
            Self::Bars(paint, Box::default())
        } else {
            Self::Lines(paint)
        }
    }

    /// Tells of an event. `before` is the board before it.
    pub(super) fn event(&self, before: &Board, received: &Received) -> Result<(), Failure> {
        match self {
            Self::Json(out) => return out.json(&received.value),
            Self::Lines(paint) => {
                if let Some(line) = line(before, &received.event, *paint) {
                    tell(&line);
                }
            }
            Self::Bars(paint, bars) => {
                if let Some(line) = line(before, &received.event, *paint) {
                    bars.say(&line);
                }
            }
        }
        Ok(())
    }

    /// Shows what is going on now.
    pub(super) fn show(&mut self, board: &Board) {
        if let Self::Bars(_, bars) = self {
            bars.show(board);
        }
    }

    /// Words for people, beside the events.
    pub(super) fn say(&self, text: &str) {
        match self {
            Self::Bars(_, bars) => bars.say(text),
            Self::Lines(_) | Self::Json(_) => tell(text),
        }
    }

    /// Takes what was drawn off the terminal, so that something else can stand there.
    pub(super) fn clear(&mut self) {
        if let Self::Bars(_, bars) = self {
            bars.clear();
        }
    }

    /// The run itself, at the end: programs get all of it.
    pub(super) fn is_json(&self) -> bool {
        matches!(self, Self::Json(_))
    }

    pub(super) fn begin(&self, run: &Run) {
        match self {
            Self::Json(_) => {}
            Self::Lines(paint) | Self::Bars(paint, _) => {
                let name = paint.bold(&run.workflow.name);
                self.say(&format!("{name} version {}: {}", run.workflow.version, run.id));
            }
        }
    }
}
