//! What a run that stands still needs, and from whom.

use super::activity::Doing;
use super::board::Board;
use crate::shell::SelfCommand;

/// Something that a person has to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Need {
    Approval {
        id: String,
        run: String,
        step: String,
        message: String,
    },
    Signal {
        name: String,
        run: String,
        step: String,
    },
    Resolve {
        run: String,
        step: String,
        message: String,
    },
    Resume {
        run: String,
        why: String,
    },
}

impl Need {
    /// What it is about, in a line.
    pub(super) fn question(&self) -> String {
        match self {
            Self::Approval { step, message, .. } => format!("{step} asks for approval: {message}"),
            Self::Signal { name, step, .. } => format!("{step} waits for the signal {name}"),
            Self::Resolve { step, message, .. } if message.is_empty() => {
                format!("nobody knows whether {step} happened. Find out, then say")
            }
            Self::Resolve { step, message, .. } => {
                format!("nobody knows whether {step} happened ({message}). Find out, then say")
            }
            Self::Resume { why, .. } => format!("the run is {why}"),
        }
    }

    /// The commands that answer it.
    pub(super) fn commands(&self, program: &SelfCommand) -> Vec<String> {
        match self {
            Self::Approval { id, .. } => ["approve", "reject"]
                .iter()
                .map(|decision| program.line(&["approvals", "decide", id, decision]))
                .collect(),
            Self::Signal { name, run, .. } => vec![program.line(&["signal", run, name, "--payload", "{}"])],
            Self::Resolve { run, step, .. } => ["succeeded", "failed", "retry"]
                .iter()
                .map(|outcome| program.line(&["runs", "resolve", run, step, outcome]))
                .collect(),
            Self::Resume { run, .. } => vec![program.line(&["runs", "resume", run])],
        }
    }
}

/// What a board says about standing still.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Standstill {
    /// Something goes on by itself.
    pub(super) moves: bool,
    pub(super) needs: Vec<Need>,
    /// Runs that have to be asked too.
    pub(super) children: Vec<String>,
}

pub(super) fn standstill(run: &str, board: &Board) -> Standstill {
    let mut found = Standstill::default();
    for (activity, begun) in &board.begun {
        let (run, step) = (run.to_owned(), activity.to_string());
        match &begun.doing {
            doing if doing.moves() => found.moves |= !board.paused || *doing == Doing::Attempt,
            Doing::Approval { id, message } => found.needs.push(Need::Approval {
                id: id.clone(),
                run,
                step,
                message: message.clone(),
            }),
            Doing::Signal { name } => found.needs.push(Need::Signal {
                name: name.clone(),
                run,
                step,
            }),
            // The run is blocked once nothing else goes on and nothing looks into it.
            Doing::Unknown { .. } if !board.in_doubt => found.moves |= !board.paused && board.stuck.is_none(),
            Doing::Unknown { message } => found.needs.push(Need::Resolve {
                run,
                step,
                message: message.clone(),
            }),
            Doing::Child { run } => found.children.push(run.clone()),
            _ => {}
        }
    }
    if board.paused || board.stuck.is_some() {
        let why = match &board.stuck {
            Some(reason) => format!("blocked ({reason})"),
            None => "paused".to_owned(),
        };
        found.needs.push(Need::Resume {
            run: run.to_owned(),
            why,
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::Timestamp;

    use super::super::activity::{Activity, Begun};
    use super::*;

    fn board(doings: Vec<(&str, Doing)>) -> Board {
        let since = Timestamp::UNIX_EPOCH;
        let begun = doings
            .into_iter()
            .map(|(step, doing)| (Activity::own(step), Begun { doing, since }));
        Board {
            begun: begun.collect(),
            ..Board::default()
        }
    }

    #[test]
    fn a_run_waits_for_people_only_when_nothing_in_it_moves() {
        let approval = Doing::Approval {
            id: "appr_1".to_owned(),
            message: "Go?".to_owned(),
        };
        let mixed = standstill("run_1", &board(vec![("ask", approval.clone()), ("nap", Doing::Timer)]));
        assert!(mixed.moves);
        let alone = standstill(
            "run_1",
            &board(vec![
                ("ask", approval),
                (
                    "c",
                    Doing::Child {
                        run: "run_2".to_owned(),
                    },
                ),
            ]),
        );
        assert_eq!(
            (alone.moves, alone.needs.len(), alone.children),
            (false, 1, vec!["run_2".to_owned()])
        );
    }

    #[test]
    fn an_unknown_outcome_is_for_a_person_only_once_the_run_is_blocked() {
        let unknown = || {
            let message = "the connection was reset".to_owned();
            board(vec![("pay", Doing::Unknown { message })])
        };
        let looked_into = standstill("run_1", &unknown());
        assert!(looked_into.moves && looked_into.needs.is_empty());
        let blocked = standstill(
            "run_1",
            &Board {
                in_doubt: true,
                ..unknown()
            },
        );
        assert_eq!((blocked.moves, blocked.needs.len()), (false, 1));
    }

    #[test]
    fn a_paused_run_moves_only_while_an_attempt_does() {
        let paused = |doing| {
            standstill(
                "run_1",
                &Board {
                    paused: true,
                    ..board(vec![("a", doing)])
                },
            )
        };
        assert!(paused(Doing::Attempt).moves);
        assert!(!paused(Doing::Retry).moves && !paused(Doing::Timer).moves);
    }

    #[test]
    fn each_need_has_the_command_that_answers_it() {
        let program = SelfCommand::new(None, Some(Path::new("d")), None);
        let (run, step) = ("run_1".to_owned(), "m[2]".to_owned());
        let resolve = Need::Resolve {
            run: run.clone(),
            step,
            message: String::new(),
        };
        assert_eq!(
            resolve.commands(&program)[1],
            "seawall --data-dir d runs resolve run_1 'm[2]' failed"
        );
        let signal = Need::Signal {
            name: "paid".to_owned(),
            run,
            step: "s".to_owned(),
        };
        assert_eq!(
            signal.commands(&program),
            ["seawall --data-dir d signal run_1 paid --payload '{}'"]
        );
    }
}
