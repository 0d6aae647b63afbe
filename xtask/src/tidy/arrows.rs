//! Arrows between rooms: what a crate depends on, held against the table in ARCHITECTURE.md.
//!
//! The table is the one list there is. The few arrows that no table may allow stand here.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, sql};
use crate::metadata::{Kind, Package};

const ROOT: &str = "ARCHITECTURE.md";

/// How the table begins.
const HEADER: [&str; 3] = ["Room", "Depends on", "Its tests also on"];

/// The room that knows no other.
const ALONE: &str = "seawall-guard";

/// The rooms that know the web framework: the guards, the API, and the composition root that puts both together.
const KNOW_AXUM: [&str; 3] = ["seawall-guard", "seawall-server", "seawall"];

/// What speaks to a database.
const DRIVERS: [&str; 8] = [
    "deadpool-postgres",
    "diesel",
    "libsqlite3-sys",
    "postgres",
    "rusqlite",
    "sea-orm",
    "sqlx",
    "tokio-postgres",
];

/// The allowed arrows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Map {
    rooms: BTreeMap<String, Arrows>,
}

#[derive(Debug, PartialEq, Eq)]
struct Arrows {
    /// Nothing: any room.
    to: Option<BTreeSet<String>>,
    in_tests: Option<BTreeSet<String>>,
}

impl Map {
    /// Reads the table from the text of ARCHITECTURE.md.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().map(cells).skip_while(|cells| !cells.starts_with(&HEADER));
        if lines.next().is_none() {
            return Err(format!("there is no table that begins with | {} |", HEADER.join(" | ")));
        }
        let mut rooms = BTreeMap::new();
        for row in lines.skip(1).take_while(|row| !row.is_empty()) {
            let [room, to, in_tests, ..] = row.as_slice() else {
                return Err(format!("a row of the arrows is too short: {row:?}"));
            };
            let [name] = quoted(room)
                .into_iter()
                .collect::<Vec<_>>()
                .try_into()
                .map_err(|_| format!("`{room}` is not one room"))?;
            let arrows = Arrows {
                to: targets(to)?,
                in_tests: targets(in_tests)?,
            };
            if rooms.insert(name, arrows).is_some() {
                return Err(format!("{room} has two rows"));
            }
        }
        Ok(Self { rooms })
    }
}

/// The cells of a table's row; none when the line is not one.
fn cells(line: &str) -> Vec<&str> {
    let Some(inner) = line.trim().strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
        return Vec::new();
    };
    inner.split('|').map(str::trim).collect()
}

fn quoted(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// A list of rooms, `none` or `any`.
fn targets(cell: &str) -> Result<Option<BTreeSet<String>>, String> {
    let rooms = quoted(cell);
    match cell {
        "any" => Ok(None),
        "none" => Ok(Some(BTreeSet::new())),
        _ if rooms.is_empty() => Err(format!("`{cell}` is neither a list of rooms nor `none` nor `any`")),
        _ => Ok(Some(rooms)),
    }
}

pub(super) fn check(rooms: &[&Package], map: &Map) -> Vec<Finding> {
    let names: BTreeSet<_> = rooms.iter().map(|room| room.name.as_str()).collect();
    let mut found: Vec<_> = mentioned(map)
        .filter(|name| !names.contains(name))
        .map(|name| {
            Finding::of(
                ROOT,
                format!("the arrows name `{name}`, which is no crate of the workspace"),
            )
        })
        .collect();
    for room in rooms {
        match map.rooms.get(&room.name) {
            Some(arrows) => found.extend(check_room(room, arrows, &names)),
            None => found.push(Finding::of(
                &room.name,
                format!("the room has no row among the arrows of {ROOT}"),
            )),
        }
        found.extend(check_invariants(room, &names));
    }
    found
}

fn mentioned(map: &Map) -> impl Iterator<Item = &str> {
    let all: BTreeSet<&str> = map
        .rooms
        .iter()
        .flat_map(|(room, arrows)| {
            let ends = arrows.to.iter().chain(&arrows.in_tests).flatten();
            std::iter::once(room).chain(ends).map(String::as_str)
        })
        .collect();
    all.into_iter()
}

fn check_room(room: &Package, arrows: &Arrows, names: &BTreeSet<&str>) -> Vec<Finding> {
    let allows = |list: &Option<BTreeSet<String>>, name: &str| list.as_ref().is_none_or(|list| list.contains(name));
    let mut found = Vec::new();
    for dependency in &room.dependencies {
        let name = &dependency.name;
        // Tests may ask for a feature of their own crate: an arrow to itself.
        if *name == room.name || !names.contains(name.as_str()) {
            continue;
        }
        let in_product = allows(&arrows.to, name);
        if dependency.kind == Some(Kind::Dev) {
            if !in_product && !allows(&arrows.in_tests, name) {
                found.push(Finding::of(
                    &room.name,
                    format!("its tests depend on {name}: no such arrow for tests in {ROOT}"),
                ));
            }
        } else if !in_product {
            found.push(Finding::of(
                &room.name,
                format!("it depends on {name}: no such arrow in {ROOT}"),
            ));
        }
    }
    found
}

/// What holds whatever the table says.
fn check_invariants(room: &Package, names: &BTreeSet<&str>) -> Vec<Finding> {
    let mut found = Vec::new();
    for dependency in &room.dependencies {
        let name = dependency.name.as_str();
        if room.name == ALONE && name != ALONE && names.contains(name) {
            found.push(Finding::of(
                &room.name,
                format!("it depends on {name}, but is published alone"),
            ));
        }
        // A room's tests may set up a server to call.
        if name == "axum" && dependency.kind != Some(Kind::Dev) && !KNOW_AXUM.contains(&room.name.as_str()) {
            found.push(Finding::of(
                &room.name,
                format!("it depends on axum; only {} may", KNOW_AXUM.join(", ")),
            ));
        }
        if DRIVERS.contains(&name) && !sql::is_backend(&room.name) {
            found.push(Finding::of(
                &room.name,
                format!("it depends on {name}; only store backends may"),
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Dependency;

    const TABLE: &str = "# Map\n\n| other | table |\n|---|---|\n| `x` | y |\n\n\
        | Room | Depends on | Its tests also on | Why |\n|---|---|---|---|\n\
        | `seawall-guard` | none | none | alone |\n\
        | `seawall-engine` | `seawall-store` | `seawall-store-sqlite` | |\n\
        | `seawall-store` | none | none | |\n\
        | `seawall-store-sqlite` | `seawall-store` | none | |\n\
        | `xtask` | any | any | |\n\nMore text about `seawall-llm`.\n";

    /// A room and what it depends on; `dev:` before a name marks the tests' dependencies.
    fn room(name: &str, on: &[&str]) -> Package {
        let dependencies = on
            .iter()
            .map(|name| match name.strip_prefix("dev:") {
                Some(name) => Dependency {
                    name: name.to_owned(),
                    kind: Some(Kind::Dev),
                },
                None => Dependency {
                    name: (*name).to_owned(),
                    kind: None,
                },
            })
            .collect();
        Package {
            id: name.to_owned(),
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            license: None,
            source: None,
            manifest_path: std::path::PathBuf::new(),
            dependencies,
            features: BTreeMap::new(),
        }
    }

    /// The findings when the good house has these rooms instead of its own.
    fn found(changed: &[Package]) -> Vec<String> {
        let good = [
            room("seawall-guard", &["axum", "serde"]),
            room(
                "seawall-engine",
                &["seawall-store", "dev:seawall-store-sqlite", "dev:tokio"],
            ),
            room("seawall-store", &["uuid"]),
            room("seawall-store-sqlite", &["seawall-store", "rusqlite"]),
            room("xtask", &["anyhow"]),
        ];
        let kept = good
            .iter()
            .filter(|room| changed.iter().all(|changed| changed.name != room.name));
        let rooms: Vec<_> = kept.chain(changed).collect();
        check(&rooms, &Map::read(TABLE).unwrap())
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_house_that_is_as_the_table_says_is_good() {
        assert_eq!(found(&[]), Vec::<String>::new());
        assert_eq!(
            found(&[room("xtask", &["seawall-engine", "dev:seawall-guard"])]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn an_arrow_that_the_table_lacks_is_found() {
        assert_eq!(
            found(&[room("seawall-store", &["seawall-engine"])]),
            ["seawall-store: it depends on seawall-engine: no such arrow in ARCHITECTURE.md"]
        );
    }

    #[test]
    fn an_arrow_for_tests_is_none_for_the_product() {
        assert_eq!(
            found(&[room("seawall-engine", &["seawall-store-sqlite"])]),
            ["seawall-engine: it depends on seawall-store-sqlite: no such arrow in ARCHITECTURE.md"]
        );
    }

    #[test]
    fn an_arrow_of_tests_is_reported_as_one() {
        assert_eq!(
            found(&[room("seawall-store", &["dev:seawall-engine"])]),
            ["seawall-store: its tests depend on seawall-engine: no such arrow for tests in ARCHITECTURE.md"]
        );
    }

    #[test]
    fn a_room_s_tests_may_ask_for_a_feature_of_the_room() {
        assert_eq!(
            found(&[room("seawall-store", &["dev:seawall-store"])]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_guard_that_knows_another_room_is_found_whatever_the_table_says() {
        let table = TABLE.replace("| `seawall-guard` | none |", "| `seawall-guard` | `seawall-store` |");
        let (guard, store) = (room("seawall-guard", &["seawall-store"]), room("seawall-store", &[]));
        let found = check(&[&guard, &store], &Map::read(&table).unwrap());
        assert!(
            found.iter().any(|finding| finding.what.contains("published alone")),
            "{found:?}"
        );
    }

    #[test]
    fn axum_outside_its_rooms_is_found() {
        assert_eq!(
            found(&[room("seawall-engine", &["seawall-store", "axum"])]),
            ["seawall-engine: it depends on axum; only seawall-guard, seawall-server, seawall may"]
        );
        assert_eq!(
            found(&[room("seawall-engine", &["seawall-store", "dev:axum"])]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_database_s_driver_outside_the_backends_is_found_in_tests_too() {
        for driver in ["rusqlite", "dev:rusqlite"] {
            assert_eq!(
                found(&[room("seawall-store", &[driver])]),
                ["seawall-store: it depends on rusqlite; only store backends may"]
            );
        }
    }

    #[test]
    fn a_room_without_a_row_and_a_row_without_a_room_are_found() {
        assert_eq!(
            found(&[room("seawall-llm", &[])]),
            ["seawall-llm: the room has no row among the arrows of ARCHITECTURE.md"]
        );
        let store = room("seawall-store", &[]);
        let found = check(&[&store], &Map::read(TABLE).unwrap());
        assert!(
            found
                .iter()
                .any(|finding| finding.what.contains("`xtask`, which is no crate")),
            "{found:?}"
        );
    }

    #[test]
    fn a_table_that_cannot_be_read_says_why() {
        for (table, why) in [
            ("no table", "there is no table"),
            (
                &TABLE.replace("| `seawall-store` | none |", "| `seawall-store` | nothing |"),
                "neither a list",
            ),
            (
                &TABLE.replace("| `xtask` | any | any | |", "| `xtask` | any |"),
                "too short",
            ),
            (&TABLE.replace("`xtask`", "`seawall-guard`"), "two rows"),
            (&TABLE.replace("| `xtask` |", "| xtask |"), "not one room"),
        ] {
            let error = Map::read(table).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
