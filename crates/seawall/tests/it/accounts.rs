//! Users, keys and the audit trail from the command line.

use std::io::Write as _;
use std::process::Stdio;

use seawall_store_sqlite::{self as store, Tampering};

use crate::house::{Done, House};

const PASSWORD: &str = "correct horse battery";

/// The program, with this on its stdin.
fn told(house: &House, arguments: &[&str], text: &str) -> Done {
    let mut command = house.command(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may refuse its arguments without reading.
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    let output = child.wait_with_output().unwrap();
    Done {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn made(house: &House, email: &str, role: &str) -> String {
    let arguments = ["users", "create", email, "--role", role, "--json"];
    let done = told(house, &arguments, &format!("{PASSWORD}\n")).expect(0);
    done.json()["id"].as_str().unwrap().to_owned()
}

/// Does something to the audit trail behind the program's back.
fn tamper(house: &House, how: Tampering) {
    assert!(store::tamper(&house.data().join("seawall.db"), how).unwrap(), "{how:?}");
}

#[test]
fn users_are_made_changed_and_deleted_and_passwords_come_by_stdin() {
    let house = House::new();
    let id = made(&house, "ada@example.org", "admin");
    let listed = house.run(&["users", "list"]).expect(0).out;
    assert!(
        listed.contains(&id) && listed.contains("ada@example.org") && listed.contains("never"),
        "{listed}"
    );
    assert!(house.run(&["users", "show", &id]).expect(0).out.contains("admin"));
    // The last one who administers stays.
    let refused = house.run(&["users", "update", &id, "--role", "viewer"]).expect(1);
    assert!(refused.err.contains("last administrator"), "{}", refused.err);
    house.run(&["users", "delete", &id]).expect(1);
    let other = made(&house, "ben@example.org", "admin");
    let changed = house.run(&["users", "update", &id, "--deactivate", "--json"]);
    assert_eq!(changed.expect(0).json()["active"], false);
    told(&house, &["users", "password", &other], "another horse battery\n").expect(0);
    let short = told(&house, &["users", "password", &other], "short\n").expect(2);
    assert!(short.err.contains("/password"), "{}", short.err);
    told(&house, &["users", "password", &other], "\n").expect(2);
    house.run(&["users", "delete", &id]).expect(0);
    house.run(&["users", "show", &id]).expect(2);
    house.run(&["users", "show", &other]).expect(0);

    let empty = house
        .run(&["users", "create", "x@example.org", "--role", "viewer"])
        .expect(2);
    assert!(empty.err.contains("stdin"), "{}", empty.err);
    let wrong = told(&house, &["users", "create", "x", "--role", "king"], "short\n").expect(2);
    for place in ["/email", "/password", "/role"] {
        assert!(wrong.err.contains(place), "{}", wrong.err);
    }
    house.run(&["users", "update", &other]).expect(2);
}

#[test]
fn a_key_s_secret_is_printed_alone_and_once() {
    let house = House::new();
    let done = house
        .run(&[
            "keys",
            "create",
            "nightly",
            "--scope",
            "runs:read,runs:write",
            "--expires-in",
            "90d",
        ])
        .expect(0);
    let secret = done.out.trim_end();
    assert!(secret.starts_with("sw_") && !secret.contains('\n'), "{secret}");
    let id = done.id("key_");
    let listed = house.run(&["keys", "list"]).expect(0).out;
    assert!(
        listed.contains(&id) && listed.contains("runs:read runs:write") && listed.contains("until"),
        "{listed}"
    );
    assert!(!listed.contains(&secret[30..]));
    house.run(&["keys", "revoke", &id]).expect(0);
    assert!(house.run(&["keys", "list"]).expect(0).out.contains("revoked"));
    house
        .run(&["keys", "revoke", "key_01h455vb4pex5vsknk084sn02q"])
        .expect(2);
    house.run(&["keys", "create", "x"]).expect(2);
    house.run(&["keys", "create", "x", "--scope", "moon:read"]).expect(2);
}

#[test]
fn a_key_opens_a_running_server_for_its_scopes_until_it_is_revoked() {
    let house = House::new();
    let (_server, url) = house.serve("0");
    let made = house.run(&["keys", "create", "ci", "--scope", "runs:read"]).expect(0);
    let (id, secret) = (made.id("key_"), made.out.trim_end());
    let with_it = |arguments: &[&str]| {
        let arguments = [arguments, &["--server", &url]].concat();
        let output = house.command(&arguments).env("SEAWALL_API_KEY", secret).output();
        let output = output.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(with_it(&["runs", "list"]).0, Some(0));
    let (code, told) = with_it(&["users", "list"]);
    assert!(code == Some(1) && told.contains("users:admin"), "{told}");
    house.run(&["keys", "revoke", &id]).expect(0);
    // At once, on the node that was asked to.
    assert_eq!(with_it(&["runs", "list"]).0, Some(1));

    // The key with which the store began stands in the trail too, before what was done with it.
    let trail = house.run(&["audit", "list", "--json"]).expect(0).json();
    let actions = trail["items"].as_array().unwrap().iter();
    let actions: Vec<&str> = actions.map(|item| item["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["key.revoked", "key.created", "admin_key.created"]);
    assert_eq!(
        house.run(&["audit", "verify", "--json"]).expect(0).json()["verified"],
        3
    );
}

#[test]
fn another_secret_key_than_the_trail_was_sealed_with_is_told_before_it_is_used() {
    let house = House::new();
    let told = |key: &str| {
        let arguments = ["keys", "create", "some", "--scope", "runs:read"];
        let output = house.command(&arguments).env("SECRET_KEY", key).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let (first, second) = ("f".repeat(32), "s".repeat(32));
    for (key, is_other) in [(&first, false), (&first, false), (&second, true), (&second, false)] {
        let told = told(key);
        assert_eq!(told.contains("warning: SECRET_KEY is not"), is_other, "{told}");
        assert!(!told.contains(key), "{told}");
    }
}

#[test]
fn a_trail_that_was_changed_cut_off_or_set_back_is_found() {
    let house = House::new();
    let first = made(&house, "u0@example.org", "viewer");
    for number in 1..4 {
        made(&house, &format!("u{number}@example.org"), "viewer");
    }
    let listed = house.run(&["audit", "list", "--action", "user.created"]).expect(0).out;
    assert!(listed.contains(&first) && listed.lines().count() == 5, "{listed}");
    let whole = house.run(&["audit", "verify", "--json"]).expect(0).json();
    assert_eq!((&whole["valid"], &whole["verified"]), (&true.into(), &4.into()));
    let seal = whole["seal"].as_str().unwrap();
    house
        .run(&["audit", "verify", "--after", "4", "--seal", seal])
        .expect(0);

    let code = |done: Done| {
        let found = done.json();
        (
            found["fault"]["code"].as_str().unwrap().to_owned(),
            found["verified"].as_u64().unwrap(),
        )
    };
    // Its head goes with the tail: only a seal that was noted elsewhere finds it.
    tamper(&house, Tampering::CutOff(3));
    assert_eq!(
        code(house.run(&["audit", "verify", "--json"]).expect(1)),
        ("beyond_end".to_owned(), 3)
    );
    tamper(&house, Tampering::Remove(4));
    house.run(&["audit", "verify"]).expect(0);
    let noted = house
        .run(&["audit", "verify", "--json", "--after", "4", "--seal", seal])
        .expect(1);
    assert_eq!(code(noted).0, "cut_off");

    tamper(&house, Tampering::Remove(3));
    assert_eq!(
        code(house.run(&["audit", "verify", "--json"]).expect(1)),
        ("cut_off".to_owned(), 2)
    );
    tamper(&house, Tampering::Change(2));
    assert_eq!(
        code(house.run(&["audit", "verify", "--json"]).expect(1)),
        ("changed".to_owned(), 1)
    );
    tamper(&house, Tampering::Remove(1));
    let missing = house.run(&["audit", "verify"]).expect(1);
    assert!(
        missing.out.contains("missing") && missing.out.contains("record 1"),
        "{}",
        missing.out
    );
}
