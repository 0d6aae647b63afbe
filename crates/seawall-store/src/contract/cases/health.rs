//! Health and the end.

use crate::contract::world::assert_refused;
use crate::contract::{Subject, World};
use crate::error::StoreError;

pub async fn a_store_is_healthy_until_it_is_closed(subject: &Subject) {
    let world = World::of(subject).await;
    let health = world.store.check().await.expect("it is healthy");
    assert_eq!(health.queued, 0);
    assert!(!health.backend.is_empty());
    world.store.close().await.expect("closing works");
    let refused = world.store.create_run(&world.tenant, world.new_run()).await;
    assert_refused!(refused, StoreError::Unavailable { .. });
    assert_refused!(world.store.check().await, StoreError::Unavailable { .. });
}
