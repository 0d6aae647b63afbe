//! Commands to type next, written so that they can be pasted.

use std::path::{Path, PathBuf};

/// How this program is called, with the flags that lead to the same store or server.
#[derive(Clone, Debug)]
pub(crate) struct SelfCommand {
    words: Vec<String>,
}

impl SelfCommand {
    /// `program` is the process's first argument: a path is kept, a bare name was found on PATH.
    pub(crate) fn new(program: Option<PathBuf>, data_dir: Option<&Path>, server: Option<&str>) -> Self {
        let program = program.filter(|path| path.components().count() > 1);
        let mut words = vec![program.map_or_else(|| "seawall".to_owned(), |path| path.display().to_string())];
        if let Some(dir) = data_dir {
            words.extend(["--data-dir".to_owned(), dir.display().to_string()]);
        }
        if let Some(url) = server {
            words.extend(["--server".to_owned(), url.to_owned()]);
        }
        Self { words }
    }

    /// The whole line.
    pub(crate) fn line(&self, arguments: &[&str]) -> String {
        let own = self.words.iter().map(String::as_str);
        let words: Vec<String> = own.chain(arguments.iter().copied()).map(quoted).collect();
        words.join(" ")
    }
}

/// One word of a POSIX shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_leads_to_the_same_store_and_survives_the_shell() {
        let command = SelfCommand::new(Some("seawall".into()), Some(Path::new("/tmp/my data")), None);
        assert_eq!(
            command.line(&["signal", "run_1", "it's"]),
            r"seawall --data-dir '/tmp/my data' signal run_1 'it'\''s'"
        );
        let command = SelfCommand::new(Some("target/debug/seawall".into()), None, Some("http://localhost:1"));
        assert_eq!(
            command.line(&["runs", "list"]),
            "target/debug/seawall --server http://localhost:1 runs list"
        );
    }
}
