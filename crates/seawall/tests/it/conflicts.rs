//! Two people change the same thing.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::house::{Done, House};

const WAITS: &str = "name: w\nsteps:\n  - { id: hear, kind: wait_signal, with: { name: go } }\n";

/// Runs a command through somebody who changes something right before the command's own change arrives.
fn with_somebody_between(house: &House, url: &str, arguments: &[&str], change: impl Fn() + Sync) -> Done {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = url.strip_prefix("http://").unwrap();
    let (changed, over) = (AtomicBool::new(false), AtomicBool::new(false));
    let change_once = || {
        if !changed.swap(true, Ordering::SeqCst) {
            change();
        }
    };
    let change_once = &change_once;
    let done = std::thread::scope(|scope| {
        let passing = scope.spawn(|| {
            for client in listener.incoming() {
                let client = client.unwrap();
                if over.load(Ordering::SeqCst) {
                    break;
                }
                // Side by side: a command may open another connection while it still keeps one.
                scope.spawn(move || pass(&client, server, change_once));
            }
        });
        let done = house.run(&[&["--server", &address], arguments].concat());
        over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
        passing.join().unwrap();
        done
    });
    assert!(changed.into_inner(), "the command changed nothing: {done:?}");
    done
}

fn read(mut from: &TcpStream) -> Option<Vec<u8>> {
    let mut bytes = vec![0; 64 * 1024];
    let count = from.read(&mut bytes).unwrap();
    bytes.truncate(count);
    (count > 0).then_some(bytes)
}

/// Passes the requests of one connection on, each in one piece, and their answers back.
fn pass(client: &TcpStream, server: &str, before_a_change: &impl Fn()) {
    let server = TcpStream::connect(server).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| std::io::copy(&mut &server, &mut &*client));
        while let Some(bytes) = read(client) {
            if bytes.starts_with(b"PUT ") {
                before_a_change();
            }
            (&server).write_all(&bytes).unwrap();
        }
        server.shutdown(std::net::Shutdown::Both).unwrap();
    });
}

#[track_caller]
fn refused(done: Done) {
    let done = done.expect(1);
    assert!(
        done.err.contains("precondition-failed") && done.err.contains("nothing was written"),
        "{}",
        done.err
    );
}

#[test]
fn a_workflow_that_somebody_changes_meanwhile_is_not_overwritten() {
    let house = House::new();
    let (_server, url) = house.serve("0");
    for text in ["first", "theirs", "mine"] {
        house.write(&format!("{text}.yaml"), &format!("description: {text}\n{WAITS}"));
    }
    house.run(&["workflows", "apply", "first.yaml"]).expect(0);
    refused(with_somebody_between(
        &house,
        &url,
        &["workflows", "apply", "mine.yaml"],
        || {
            house.run(&["workflows", "apply", "theirs.yaml"]).expect(0);
        },
    ));
    let kept = house.run(&["workflows", "show", "w", "--json"]).expect(0).json();
    assert_eq!((&kept["version"], &kept["description"]), (&2.into(), &"theirs".into()));
}

#[test]
fn a_schedule_that_somebody_changes_meanwhile_is_not_overwritten() {
    let house = House::new();
    let (_server, url) = house.serve("0");
    house.write("w.yaml", WAITS);
    house.run(&["workflows", "apply", "w.yaml"]).expect(0);
    let create = ["schedules", "create", "w", "--every", "1h", "--paused", "--json"];
    let made = house.run(&create).expect(0).json();
    let id = made["id"].as_str().unwrap();
    refused(with_somebody_between(&house, &url, &["schedules", "pause", id], || {
        house.run(&["schedules", "resume", id]).expect(0);
    }));
    let kept = house.run(&["schedules", "show", id, "--json"]).expect(0).json();
    assert_eq!(kept["paused"], false);
}
