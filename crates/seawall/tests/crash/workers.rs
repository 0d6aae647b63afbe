//! Worker processes, killed like the server.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::api::ADMIN_KEY;
use crate::random::Random;
use crate::server::told_in;
use crate::words::log_of;

const WORKERS: usize = 2;

pub(crate) struct Workers {
    told: PathBuf,
    words: PathBuf,
    calm: PathBuf,
    world: String,
    running: Vec<Child>,
}

impl Workers {
    pub(crate) fn start(folder: &Path, world: &str, random: &mut Random) -> Self {
        let mut workers = Self {
            told: told_in(folder),
            words: log_of(folder),
            calm: folder.join("calm"),
            world: world.to_owned(),
            running: Vec::new(),
        };
        for _ in 0..WORKERS {
            workers.add(random);
        }
        workers
    }

    fn add(&mut self, random: &mut Random) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crash/worker.py");
        let worker = Command::new("python3")
            .arg(script)
            .arg(&self.told)
            .arg(&self.world)
            .arg((random.next() >> 1).to_string())
            .arg(&self.words)
            .arg(&self.calm)
            .env("SEAWALL_API_KEY", ADMIN_KEY)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("this test needs `python3` in the PATH: Python 3 with its standard library");
        self.running.push(worker);
    }

    /// From now on they work honestly: of what has piled up behind those that fell silent, one task of a key goes on at a time.
    pub(crate) fn calm_down(&self) {
        std::fs::write(&self.calm, b"").unwrap();
    }

    /// Kills one with SIGKILL, whatever it holds, and starts another.
    pub(crate) fn kill_one(&mut self, random: &mut Random) {
        let place = random.below(self.running.len() as u64) as usize;
        let mut worker = self.running.swap_remove(place);
        // One that ended by itself failed an assertion of its own.
        assert!(
            worker.try_wait().unwrap().is_none(),
            "a worker gave up; see its errors above"
        );
        end(&mut worker);
        self.add(random);
    }
}

fn end(worker: &mut Child) {
    let _ = worker.kill();
    let _ = worker.wait();
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.running.iter_mut().for_each(end);
    }
}
