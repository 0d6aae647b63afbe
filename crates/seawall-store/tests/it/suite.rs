use std::sync::Arc;

use seawall_store::contract::Subject;
use seawall_store::{ManualClock, MemoryOptions, MemoryStore};

fn subject(exclusive: bool) -> Subject {
    let clock = ManualClock::default();
    let options = MemoryOptions {
        exclusive,
        ..MemoryOptions::default()
    };
    let store = MemoryStore::with_options(Arc::new(clock.clone()), options);
    Subject::new(Arc::new(store), clock, exclusive)
}

mod shared {
    async fn subject() -> seawall_store::contract::Subject {
        super::subject(false)
    }
    seawall_store::contract_tests!(subject);
}

mod exclusive {
    async fn subject() -> seawall_store::contract::Subject {
        super::subject(true)
    }
    seawall_store::contract_tests!(subject);
}

#[test]
fn every_case_stands_in_the_list() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/contract");
    let lists = ["macros.rs", "identity_macros.rs"];
    let list = lists.map(|name| std::fs::read_to_string(format!("{source}/{name}")).expect("the list is there"));
    let list = list.concat();
    let mut cases = 0;
    for file in std::fs::read_dir(format!("{source}/cases")).expect("the cases are there") {
        let text = std::fs::read_to_string(file.expect("a file").path()).expect("a text");
        for line in text.lines().filter_map(|line| line.strip_prefix("pub async fn ")) {
            let (name, _) = line.split_once('(').expect("a function has arguments");
            assert!(list.contains(&format!(" {name},\n")), "{name} is not in the list");
            cases += 1;
        }
    }
    assert!(cases > 90, "only {cases} cases were found");
}
