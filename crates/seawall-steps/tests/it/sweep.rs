//! What a restarted node ends, and what it must not touch. The processes here are of one test installation each.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use seawall_engine::store::{NodeId, RunId};
use seawall_steps::{InstallationId, Swept, sweep_predecessors};

use crate::support::{eventually, is_alive};

/// A sleeping process that ends with the test.
struct Sleeper(Child);

impl Sleeper {
    fn start(marker: Option<String>) -> Self {
        let mut command = Command::new("sleep");
        command.arg("1000").stdin(Stdio::null()).process_group(0).env_clear();
        if let Some(marker) = marker {
            command.env("SEAWALL_ATTEMPT", marker);
        }
        Self(command.spawn().expect("a process"))
    }

    fn pid(&self) -> i32 {
        i32::try_from(self.0.id()).expect("a process number")
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        // It may have been swept.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn installation() -> InstallationId {
    InstallationId::parse(&format!("sweep-{}", RunId::generate())).expect("an id")
}

#[tokio::test]
async fn only_processes_of_an_earlier_node_of_this_installation_are_killed() {
    let (here, elsewhere) = (installation(), installation());
    let (earlier, now) = (NodeId::generate(), NodeId::generate());
    let marker = |installation: &InstallationId, node: NodeId| {
        Some(format!("{}:{node}:{}:step", installation.as_str(), RunId::generate()))
    };
    let swept = [
        Sleeper::start(marker(&here, earlier)),
        Sleeper::start(marker(&here, NodeId::generate())),
    ];
    let kept = [
        Sleeper::start(marker(&here, now)),
        Sleeper::start(marker(&elsewhere, earlier)),
        Sleeper::start(Some("something else".to_owned())),
        Sleeper::start(None),
    ];
    assert_eq!(sweep_predecessors(&here, now), Swept { killed: 2, left: 0 });
    assert!(swept.iter().all(|sleeper| !is_alive(sleeper.pid())));
    assert!(kept.iter().all(|sleeper| is_alive(sleeper.pid())));
    assert_eq!(sweep_predecessors(&here, now), Swept::default());
}

#[tokio::test]
async fn a_child_that_cleared_its_environment_dies_with_the_group_of_a_marked_leader() {
    let (here, now) = (installation(), NodeId::generate());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pid");
    let mut leader = Command::new("sh");
    leader
        .args(["-c", "env -i sleep 1000 & echo $! > pid.new; mv pid.new pid; wait"])
        .current_dir(folder.path())
        .env(
            "SEAWALL_ATTEMPT",
            format!("{}:{}:run:step", here.as_str(), NodeId::generate()),
        )
        .process_group(0);
    let leader = Sleeper(leader.spawn().expect("a process"));
    eventually("the child has started", || file.exists()).await;
    let child: i32 = std::fs::read_to_string(&file)
        .expect("a file")
        .trim()
        .parse()
        .expect("a number");
    assert!(sweep_predecessors(&here, now).killed >= 1);
    assert!(!is_alive(leader.pid()));
    eventually("the child is dead", || !is_alive(child)).await;
}
