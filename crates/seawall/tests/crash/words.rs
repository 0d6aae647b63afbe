//! What workers said and were told that it is durable.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::told::Journal;

/// A word that was acknowledged, as `worker.py` wrote it down.
pub(crate) struct Word {
    run: String,
    task: String,
    /// `complete` or `fail`.
    end: String,
    key: Option<String>,
    /// When the worker had the task, and when it began to say so: it had it in between.
    had: (f64, f64),
}

/// The file that workers append to.
pub(crate) fn log_of(folder: &Path) -> PathBuf {
    folder.join("words.log")
}

pub(crate) fn all(folder: &Path) -> Vec<Word> {
    let text = std::fs::read_to_string(log_of(folder)).unwrap_or_default();
    // A worker may be killed in the middle of a line.
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let word = |line: Value| {
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        Word {
            run: text("run"),
            task: text("task"),
            end: text("end"),
            key: line["key"].as_str().map(str::to_owned),
            had: (line["from"].as_f64().unwrap(), line["to"].as_f64().unwrap()),
        }
    };
    lines.map(word).collect()
}

/// Each is what the journal says of its task, none counts twice, and of the tasks of a key one was given out at a time.
pub(crate) fn check(words: &[Word], books: &BTreeMap<String, Journal>) {
    let mut tasks = BTreeSet::new();
    let mut keyed: BTreeMap<&str, Vec<(f64, f64, &str)>> = BTreeMap::new();
    for word in words {
        let Word { run, task, end, .. } = word;
        assert!(tasks.insert(task), "{task} was settled by two words");
        let told = books[run].words.get(task).map(String::as_str);
        let expected = if end == "complete" {
            "step.succeeded"
        } else {
            "step.failed"
        };
        assert_eq!(told, Some(expected), "{end} of {task} of {run} was acknowledged");
        if let Some(key) = &word.key {
            keyed.entry(key).or_default().push((word.had.0, word.had.1, task));
        }
    }
    for (key, mut had) in keyed {
        had.sort_by(|a, b| a.0.total_cmp(&b.0));
        for pair in had.windows(2) {
            let ((_, to, first), (from, _, second)) = (pair[0], pair[1]);
            assert!(to <= from, "{first} and {second} of key {key} were given out at once");
        }
    }
}
