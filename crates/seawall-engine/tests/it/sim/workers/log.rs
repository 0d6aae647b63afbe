//! What workers have had and said, and what they were told.

use std::collections::BTreeMap;

use seawall_engine::TaskView;
use seawall_engine::store::{RunId, TaskId};
use serde_json::Value;

/// How a worker says that a task has ended.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Word {
    Done(Value),
    Failed,
}

/// A task that some worker was given.
#[derive(Clone, Debug)]
pub(crate) struct Had {
    pub(crate) run: RunId,
    pub(crate) activity: String,
    pub(crate) attempt: u32,
    pub(crate) key: String,
    pub(crate) once: bool,
    /// Everything that was said of it under its lease, in order, and whether that was acknowledged.
    pub(crate) words: Vec<(Word, bool)>,
}

/// By task.
#[derive(Clone, Default)]
pub(crate) struct Log(pub(crate) BTreeMap<TaskId, Had>);

impl Log {
    /// False: somebody was given it before.
    pub(super) fn given(&mut self, task: &TaskView, once: bool) -> bool {
        let had = Had {
            run: task.run,
            activity: task.activity.to_string(),
            attempt: task.attempt,
            key: task.effect_key.clone(),
            once,
            words: Vec::new(),
        };
        self.0.insert(task.id, had).is_none()
    }

    pub(super) fn says(&mut self, task: TaskId, word: &Word) -> usize {
        let words = &mut self.0.get_mut(&task).expect("it was given").words;
        words.push((word.clone(), false));
        words.len() - 1
    }

    /// The word was taken. False: one before it was, too.
    pub(super) fn acknowledged(&mut self, task: TaskId, place: usize) -> bool {
        let words = &mut self.0.get_mut(&task).expect("it was given").words;
        let first = words.iter().all(|(_, taken)| !taken);
        words[place].1 = true;
        first
    }
}
