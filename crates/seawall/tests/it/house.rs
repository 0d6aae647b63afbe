//! A working folder with a data folder, and the program in it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread::{self, JoinHandle};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) struct House {
    folder: TempDir,
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Done {
    /// None: a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Done {
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {}", self.out))
    }

    /// The lines of stdout, each a JSON value.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The first word of stderr that begins so: an id.
    #[track_caller]
    pub(crate) fn id(&self, kind: &str) -> String {
        let mut words = self.err.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let found = words.find(|word| word.starts_with(kind));
        found.unwrap_or_else(|| panic!("no {kind} in {}", self.err)).to_owned()
    }
}

impl House {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// The key that the first server here has made.
    pub(crate) fn key(&self) -> Option<String> {
        let text = fs::read_to_string(self.data().join("admin.key")).ok()?;
        Some(text.trim().to_owned())
    }

    /// The program with these arguments, in an environment of its own.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seawall"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("DATA_DIR", "data")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        let output = self.command(arguments).output().unwrap();
        Done {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Starts the program and gives what it says on stderr, line by line.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::of(self.command(arguments))
    }

    /// Starts a server on this port, and gives its address.
    pub(crate) fn serve(&self, port: &str) -> (Running, String) {
        let mut server = self.start(&["serve", "--port", port]);
        server.wait_for("Seawall listens on http://127.0.0.1:");
        let told: Value = serde_json::from_str(&self.read("data/server.json")).unwrap();
        (server, told["url"].as_str().unwrap().to_owned())
    }
}

/// A process that goes on; killed when it is dropped.
pub(crate) struct Running {
    child: Child,
    /// None: a thread listens.
    told: Option<BufReader<ChildStderr>>,
}

impl Running {
    /// Starts a command and listens to its stderr.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let told = Some(BufReader::new(child.stderr.take().unwrap()));
        Self { child, told }
    }

    /// The next line on stderr that holds this text.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let all = self.all_until(text);
        all.lines().next_back().unwrap_or_default().to_owned()
    }

    /// The same, with all that it said before.
    pub(crate) fn all_until(&mut self, text: &str) -> String {
        let told = self.told.as_mut().expect("nobody else listens");
        let mut all = String::new();
        loop {
            let mut line = String::new();
            assert!(
                told.read_line(&mut line).unwrap() > 0,
                "it ended without `{text}`:\n{all}"
            );
            all.push_str(&line);
            if line.contains(text) {
                return all;
            }
        }
    }

    /// Everything that it still says.
    pub(crate) fn rest(&mut self) -> String {
        let told = self.told.as_mut().expect("nobody else listens");
        let mut text = String::new();
        told.read_to_string(&mut text).unwrap();
        text
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Listens to all that it says from now on until it ends, however much that is.
    pub(crate) fn listen(&mut self) -> JoinHandle<String> {
        let mut told = self.told.take().expect("nobody else listens");
        thread::spawn(move || {
            let mut all = String::new();
            told.read_to_string(&mut all).unwrap();
            all
        })
    }

    pub(crate) fn end(mut self) -> Option<i32> {
        if let Some(told) = &mut self.told {
            // Unread words must not fill the pipe.
            std::io::copy(told, &mut std::io::sink()).unwrap();
        }
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An example of this repository.
pub(crate) fn example(name: &str) -> String {
    format!("{}/../../examples/{name}", env!("CARGO_MANIFEST_DIR"))
}
