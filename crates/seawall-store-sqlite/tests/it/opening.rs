use std::sync::Arc;

use seawall_store::{HealthStore as _, RunStore as _, StoreError, SystemClock};
use seawall_store_sqlite::{OpenError, SqliteOptions, SqliteStore, migrate, status};

use crate::kit::{Kit, new_run};

#[test]
fn a_file_in_use_is_locked_until_its_store_is_dropped() {
    let kit = Kit::new();
    let store = kit.open();
    assert!(matches!(
        SqliteStore::open(kit.options()),
        Err(OpenError::Locked { .. })
    ));
    assert!(matches!(migrate(&kit.path()), Err(OpenError::Locked { .. })));
    drop(store);
    kit.open();
}

#[test]
fn a_link_to_a_file_in_use_is_locked_too() {
    let kit = Kit::new();
    let _store = kit.open();
    let link = kit.dir.path().join("link.db");
    std::os::unix::fs::symlink(kit.path(), &link).unwrap();
    let options = SqliteOptions::new(link, Arc::new(SystemClock));
    assert!(matches!(SqliteStore::open(options), Err(OpenError::Locked { .. })));
}

#[tokio::test]
async fn a_closed_store_refuses_everything_and_lets_the_file_go() {
    let kit = Kit::new();
    let store = kit.open();
    let created = new_run(None);
    store.create_run(&kit.tenant, created.clone()).await.unwrap();
    store.close().await.unwrap();
    store.close().await.unwrap();
    let refused = store.create_run(&kit.tenant, new_run(None)).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })));
    let refused = store.run(&kit.tenant, created.id).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })));
    assert!(matches!(store.check().await, Err(StoreError::Unavailable { .. })));
    let again = kit.open();
    assert!(again.run(&kit.tenant, created.id).await.unwrap().is_some());
}

#[test]
fn a_file_from_a_newer_program_is_refused() {
    let kit = Kit::new();
    drop(kit.open());
    kit.raw()
        .execute("INSERT INTO schema_migrations VALUES (99, 'later', x'00', 0)", [])
        .unwrap();
    let refused = SqliteStore::open(kit.options());
    assert!(matches!(refused, Err(OpenError::NewerVersion { found: 99, .. })));
}

#[test]
fn a_migration_with_another_checksum_is_refused() {
    let kit = Kit::new();
    drop(kit.open());
    kit.raw()
        .execute("UPDATE schema_migrations SET checksum = x'00' WHERE version = 1", [])
        .unwrap();
    let refused = SqliteStore::open(kit.options());
    assert!(matches!(refused, Err(OpenError::MigrationChanged { version: 1, .. })));
    assert!(matches!(status(&kit.path()), Err(OpenError::MigrationChanged { .. })));
}

#[test]
fn a_file_that_needs_migrating_is_refused_where_that_was_not_asked_for() {
    let kit = Kit::new();
    let mut options = kit.options();
    options.migrate = false;
    let refused = SqliteStore::open(options.clone());
    assert!(matches!(refused, Err(OpenError::OlderVersion { found: 0, .. })));
    let report = migrate(&kit.path()).unwrap();
    let last = report.applied.last().map(|migration| migration.version);
    assert_eq!((report.from, last), (0, Some(report.to)));
    SqliteStore::open(options).unwrap();
    assert!(migrate(&kit.path()).unwrap().applied.is_empty());
}

#[test]
fn the_status_of_a_file_in_use_can_be_read() {
    let kit = Kit::new();
    let _store = kit.open();
    let status = status(&kit.path()).unwrap();
    assert!(status.pending.is_empty());
    assert_eq!(status.applied[0].name, "first");
}

#[test]
fn files_of_others_are_refused_and_left_as_they_are() {
    let kit = Kit::new();
    let text = "This is no database, however long one reads on. ".repeat(100);
    std::fs::write(kit.path(), &text).unwrap();
    assert!(matches!(
        SqliteStore::open(kit.options()),
        Err(OpenError::Foreign { .. })
    ));
    assert_eq!(std::fs::read_to_string(kit.path()).unwrap(), text);

    let kit = Kit::new();
    kit.raw().execute_batch("CREATE TABLE theirs (x)").unwrap();
    assert!(matches!(
        SqliteStore::open(kit.options()),
        Err(OpenError::Foreign { .. })
    ));
}

#[test]
fn a_missing_folder_is_named() {
    let kit = Kit::new();
    let options = SqliteOptions::new(kit.dir.path().join("no/such/file.db"), Arc::new(SystemClock));
    assert!(matches!(SqliteStore::open(options), Err(OpenError::Folder { .. })));
}

#[test]
fn a_file_that_cannot_be_written_to_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;

    let kit = Kit::new();
    drop(kit.open());
    let file = std::fs::File::open(kit.path()).unwrap();
    file.set_permissions(std::fs::Permissions::from_mode(0o444)).unwrap();
    let writable = || std::fs::OpenOptions::new().write(true).open(kit.path()).is_ok();
    // The file keeps its other flags: a file system that refuses to take one away may have set this one all the same, and the
    // folder could not be removed.
    let flags = rustix::fs::ioctl_getflags(&file).unwrap_or(rustix::fs::IFlags::empty());
    let mut immutable = false;
    if writable() {
        // Permissions do not bind this user; an immutable file does, where the file system has such.
        immutable = rustix::fs::ioctl_setflags(&file, flags | rustix::fs::IFlags::IMMUTABLE).is_ok();
    }
    let testable = !writable();
    let refused = SqliteStore::open(kit.options());
    if immutable {
        rustix::fs::ioctl_setflags(&file, flags).unwrap();
    }
    if testable {
        assert!(
            matches!(refused, Err(OpenError::ReadOnly { .. })),
            "{:?}",
            refused.err()
        );
    } else {
        println!("nothing can be made read-only for this user here");
    }
}
