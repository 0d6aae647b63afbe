//! Journals as their readers get them: in pieces.

use seawall_engine::JournalItem;
use seawall_engine::store::Seq;
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
    let (whole, ended) = engine.journal(&world.me, run, Seq(0), 100_000).await.unwrap();
    assert!(ended && whole.len() > 800, "{}", whole.len());
    assert!(whole.iter().zip(1..).all(|(item, seq)| item.seq == Seq(seq)));
    for limit in [1, 7, 64, 300, whole.len()] {
        let (mut read, mut after, mut over) = (Vec::new(), Seq(0), false);
        while !over {
            let (piece, ended) = engine.journal(&world.me, run, after, limit).await.unwrap();
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
        let (none, ended) = engine.journal(&world.me, run, after, limit).await.unwrap();
        assert!(none.is_empty() && ended, "{limit}");
    }
}
