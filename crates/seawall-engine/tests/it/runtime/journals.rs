//! Journals as their readers get them: in pieces.

use seawall_engine::store::{RunStatus, Seq};
use seawall_engine::{JournalItem, JournalPart};
use serde_json::json;

use crate::runtime::probe::Probe;
use crate::runtime::world::{World, flow};

#[tokio::test(start_paused = true)]
async fn a_journal_read_in_pieces_of_any_size_is_the_journal() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let item = json!({ "kind": "transform", "with": { "value": "{{ one }}" } });
    let over = json!({ "over": "{{ range(400) | list }}", "as": "one", "step": item });
    let run = world
        .run(&engine, flow(json!([{ "id": "each", "kind": "map", "with": over }])))
        .await
        .id;
    let part = engine.journal(&world.me, run, Seq(0), 100_000).await.unwrap();
    let (whole, ended) = (part.items, part.ended);
    assert!(ended && whole.len() > 800, "{}", whole.len());
    assert!(whole.iter().zip(1..).all(|(item, seq)| item.seq == Seq(seq)));
    for limit in [1, 7, 64, 300, whole.len()] {
        let (mut read, mut after, mut over) = (Vec::new(), Seq(0), false);
        while !over {
            let part = engine.journal(&world.me, run, after, limit).await.unwrap();
            let (piece, ended) = (part.items, part.ended);
            after = piece.last().unwrap().seq;
            over = ended;
            assert!(
                piece.len() == limit || (over && piece.len() < limit),
                "{limit} after {after:?}"
            );
            read.extend(piece);
        }
        let told = |items: &[JournalItem]| {
            items
                .iter()
                .map(|item| (item.seq, item.data.clone()))
                .collect::<Vec<_>>()
        };
        assert!(told(&read) == told(&whole), "{limit}");
        let none = engine.journal(&world.me, run, after, limit).await.unwrap();
        assert!(none.items.is_empty() && none.ended && !none.more, "{limit}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_of_a_journal_ends_before_it_becomes_too_large() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let large = "x".repeat(1000 * 1000);
    let steps: Vec<_> = (0..12)
        .map(|number| json!({ "id": format!("s{number}"), "kind": "transform", "with": { "value": "{{ input }}" } }))
        .collect();
    let started = world
        .try_start(&engine, flow(json!(steps)), json!(large))
        .await
        .unwrap();
    let view = world.wait(&engine, started.run).await;
    assert_eq!(view.status, RunStatus::Succeeded);
    let (mut sizes, mut after, mut more) = (Vec::new(), Seq(0), true);
    while more {
        let part = engine.journal(&world.me, started.run, after, 1000).await.unwrap();
        after = part.items.last().unwrap().seq;
        sizes.push(part.items.iter().map(|item| item.data.to_string().len()).sum::<usize>());
        more = part.more;
    }
    assert_eq!(after, view.seq);
    assert!(
        sizes.len() > 2 && sizes.iter().all(|size| *size <= JournalPart::MAX_BYTES),
        "{sizes:?}"
    );
    assert!(sizes.iter().sum::<usize>() > 12_000_000);
}
