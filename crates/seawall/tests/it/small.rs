//! Commands that are soon done.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::house::House;

#[test]
fn failing_runs_exit_with_1_and_say_how_to_go_on() {
    let house = House::new();
    house.write(
        "bad.yaml",
        "name: bad\nsteps:\n  - { id: a, kind: command, with: { argv: [sh, -c, 'echo why >&2; exit 3'] } }\n",
    );
    let done = house.run(&["run", "bad.yaml"]).expect(1);
    let run = done.id("run_");
    assert!(
        done.err.contains("exit") && done.err.contains(&format!("runs retry {run}")),
        "{}",
        done.err
    );
    assert_eq!(done.out, "");
    let shown = house.run(&["runs", "show", &run]).expect(0);
    assert!(
        shown.out.contains("failed") && shown.out.contains("why"),
        "{}",
        shown.out
    );
    let first = house.run(&["runs", "events", &run, "--json"]).expect(0).lines();
    assert_eq!(
        (&first[0]["seq"], &first[0]["type"]),
        (&1.into(), &"run.created".into())
    );
    let after = house
        .run(&["runs", "events", &run, "--after", "1", "--json"])
        .expect(0)
        .lines();
    assert_eq!(after.len(), first.len() - 1);
}

#[test]
fn workflows_are_registered_shown_and_deleted() {
    let house = House::new();
    house.write(
        "w.yaml",
        "name: w\ndescription: one\nsteps:\n  - { id: a, kind: transform, with: { value: 1 } }\n",
    );
    house.run(&["workflows", "apply", "w.yaml"]).expect(0);
    house.write(
        "w.yaml",
        "name: w\ndescription: two\nsteps:\n  - { id: a, kind: transform, with: { value: 1 } }\n",
    );
    let done = house.run(&["workflows", "apply", "w.yaml", "--json"]).expect(0);
    assert_eq!(done.json()["version"], 2);
    assert!(house.run(&["workflows", "list"]).expect(0).out.contains("two"));
    assert_eq!(
        house.run(&["workflows", "show", "w", "--json"]).expect(0).json()["description"],
        "two"
    );
    house.run(&["workflows", "delete", "w"]).expect(0);
    house.run(&["workflows", "show", "w"]).expect(2);
}

#[test]
fn the_doctor_names_what_is_wrong_and_what_to_change() {
    let house = House::new();
    let done = house.command(&["doctor", "--json"]).env("PORT", "0").output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stdout));
    let done = house
        .command(&["doctor"])
        .env("PORT", "many")
        .env("HOST", "0.0.0.0")
        .output()
        .unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    assert_eq!(done.status.code(), Some(1), "{text}");
    assert!(text.contains("PORT") && text.contains("HOST"), "all at once: {text}");
    house.write("file", "");
    let done = house
        .command(&["doctor"])
        .env("PORT", "0")
        .env("DATA_DIR", "file/data")
        .output()
        .unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.code() == Some(1) && text.contains("DATA_DIR"), "{text}");
}

#[test]
fn the_doctor_says_how_many_connections_the_limit_of_open_files_leaves_room_for() {
    let house = House::new();
    let doctor = house.command(&["doctor"]);
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -n 256; exec \"$0\" doctor"]);
    limited.arg(doctor.get_program());
    limited
        .current_dir(house.path())
        .env("DATA_DIR", "data")
        .env("PORT", "0");
    let done = limited.output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(
        done.status.code() == Some(0) && text.contains("room for 128 connections of 16384"),
        "{text}"
    );
}

#[test]
fn the_doctor_looks_harder_at_production() {
    let house = House::new();
    let examine = |variables: &[(&str, &str)]| {
        let mut command = house.command(&["doctor"]);
        command
            .envs([("PORT", "0"), ("ENVIRONMENT", "production")])
            .envs(variables.iter().copied());
        let done = command.output().unwrap();
        (done.status.code(), String::from_utf8(done.stdout).unwrap())
    };
    let secret = ("SECRET_KEY", "a secret key of the tests, long enough");
    for (variables, name) in [
        (&[][..], "SECRET_KEY"),
        (&[("SECRET_KEY", "changemechangemechangemechangeme")], "SECRET_KEY"),
        (&[secret, ("ADMIN_API_KEY", "hunter22")], "ADMIN_API_KEY"),
        (&[secret, ("CORS_ORIGINS", "*")], "CORS_ORIGINS"),
        (&[secret, ("HOST", "0.0.0.0")], "ALLOWED_HOSTS"),
    ] {
        let (code, text) = examine(variables);
        assert!(code == Some(1) && text.contains(name), "{name}: {text}");
        assert!(!text.contains("hunter22"), "{text}");
    }
    let (code, text) = examine(&[secret]);
    assert!(code == Some(0) && text.contains("TRUSTED_PROXIES"), "{text}");
    let open = [
        ("HOST", "0.0.0.0"),
        ("ALLOWED_HOSTS", "a.example"),
        ("METRICS_PORT", "0"),
    ];
    let (code, text) = examine(&[&[secret], &open[..]].concat());
    assert!(code == Some(0) && text.contains("METRICS_PORT"), "{text}");
    house.write("data/admin.key", "whatever");
    fs::set_permissions(house.data().join("admin.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let (code, text) = examine(&[secret]);
    assert!(code == Some(1) && text.contains("chmod 600"), "{text}");
}

#[test]
fn schema_completions_and_migrations_need_nobody_else() {
    let house = House::new();
    let schema = house.run(&["schema", "workflow", "--json"]).expect(0).json();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            house.run(&["completions", shell]).expect(0).out.contains("seawall"),
            "{shell}"
        );
    }
    assert!(!house.data().exists());
    house.run(&["migrate", "--status"]).expect(2);
    house.run(&["migrate"]).expect(0);
    let status = house.run(&["migrate", "--status", "--json"]).expect(0).json();
    assert!(status["pending"].as_array().unwrap().is_empty() && !status["applied"].as_array().unwrap().is_empty());
}

#[test]
fn a_run_that_fails_is_undone_and_forked_from_where_it_failed() {
    let house = House::new();
    let definition = |pay: &str| {
        format!(
            "name: trip\ninput: {{ type: object, properties: {{ n: {{ type: integer }} }} }}\nsteps:\n  - id: look\n    kind: command\n    \
             effect: read\n    with: {{ argv: [sh, -c, 'echo looked >> log'] }}\n  - id: book\n    kind: command\n    needs: [look]\n    \
             with: {{ argv: [sh, -c, 'echo booked {{{{ input.n }}}} >> log'] }}\n    compensate: {{ kind: command, with: {{ argv: [sh, -c, \
             'echo unbooked >> log'] }} }}\n  - id: pay\n    kind: command\n    needs: [book]\n    with: {{ argv: [{pay}] }}\n"
        )
    };
    house.write("trip.yaml", &definition("'false'"));
    let done = house.run(&["run", "trip.yaml", "--input", "n=1"]).expect(1);
    let run = done.id("run_");
    assert!(done.err.contains("undoes what was done"), "{}", done.err);
    assert_eq!(house.read("log"), "looked\nbooked 1\nunbooked\n");
    let shown = house.run(&["runs", "show", &run]).expect(0);
    assert!(shown.out.contains("compensation succeeded"), "{}", shown.out);
    house.write("paid.yaml", &definition("'true'"));
    let fork = [
        "runs",
        "fork",
        &run,
        "--from",
        "pay",
        "--definition",
        "paid.yaml",
        "--input",
        "n=2",
    ];
    let done = house.run(&fork).expect(0);
    // The booking was undone, so that it is made again; the look is copied.
    assert_eq!(house.read("log"), "looked\nbooked 1\nunbooked\nbooked 2\n");
    let forked = house
        .run(&["runs", "show", &done.id("run_"), "--json"])
        .expect(0)
        .json();
    assert_eq!(forked["forked_from"]["from_step"], "pay");
    assert_eq!(
        (&forked["steps"][0]["copied"], &forked["input"]["n"]),
        (&true.into(), &2.into())
    );
    let refused = house.run(&["runs", "fork", &run, "--from", "nope"]).expect(2);
    assert!(refused.err.contains("/from_step"), "{}", refused.err);
}

#[test]
fn queues_are_limited_paused_and_shown() {
    let house = House::new();
    let shown = house
        .run(&["queues", "set", "mail", "--concurrency", "2", "--rate", "10/s"])
        .expect(0);
    assert!(
        shown.out.contains("mail") && shown.out.contains("10/s"),
        "{}",
        shown.out
    );
    let queue = house
        .run(&["queues", "set", "mail", "--pause", "--json"])
        .expect(0)
        .json();
    assert_eq!(
        (&queue["paused"], &queue["rate"]),
        (&true.into(), &"10/s".into()),
        "the rest stays"
    );
    house
        .run(&["queues", "set", "mail", "--resume", "--concurrency", "none"])
        .expect(0);
    let queue = house.run(&["queues", "show", "mail", "--json"]).expect(0).json();
    assert_eq!(
        (&queue["paused"], &queue["concurrency"]),
        (&false.into(), &serde_json::Value::Null)
    );
    assert!(house.run(&["queues", "list"]).expect(0).out.contains("mail"));
    let refused = house.run(&["queues", "set", "mail", "--rate", "often"]).expect(2);
    assert!(
        refused.err.contains("/rate") || refused.err.contains("a rate is"),
        "{}",
        refused.err
    );
    house.run(&["queues", "show", "post"]).expect(2);
    assert_eq!(house.run(&["queues", "delete", "mail"]).expect(0).out, "deleted\n");
    house.run(&["queues", "show", "mail"]).expect(2);
    house.run(&["queues", "delete", "mail"]).expect(2);
}

#[test]
fn cancel_and_retry_without_arguments_say_how_runs_are_named() {
    let house = House::new();
    for verb in ["cancel", "retry"] {
        for arguments in [vec!["runs", verb], vec!["runs", verb, "--limit", "5"]] {
            let refused = house.run(&arguments).expect(2);
            for part in [
                &format!("seawall runs {verb} run_…"),
                "--workflow",
                "--all",
                "--dry-run",
            ] {
                assert!(refused.err.contains(part), "{part}: {}", refused.err);
            }
        }
    }
}

#[test]
fn a_filter_by_a_workflow_that_does_not_exist_says_so() {
    let house = House::new();
    house.write(
        "w.yaml",
        "name: w\nsteps:\n  - { id: a, kind: transform, with: { value: 1 } }\n",
    );
    house.run(&["run", "w.yaml"]).expect(0);
    let done = house.run(&["runs", "retry", "--workflow", "typo"]).expect(2);
    assert!(done.err.contains("there is no workflow `typo`"), "{}", done.err);
    // Never stored, and still one that runs name.
    let done = house.run(&["runs", "retry", "--workflow", "w"]).expect(0);
    assert!(done.out.contains("0 found"), "{}", done.out);
    let failed = "name: f\nsteps:\n  - { id: a, kind: fail, with: { message: hello } }\n";
    house.write("f.yaml", failed);
    house.run(&["run", "f.yaml"]).expect(1);
    let list = house
        .run(&["runs", "list", "--status", "failed", "--json"])
        .expect(0)
        .json();
    let error = &list["items"][0]["error"];
    assert_eq!((&error["message"], &error["step_id"]), (&"hello".into(), &"a".into()));
}
