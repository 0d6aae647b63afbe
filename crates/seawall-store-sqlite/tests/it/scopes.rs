//! What flow control keeps of workflows that are forgotten.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{
    AppendThen, ClaimLimits, Digest, FlowEntry, FlowNumbers, LeaseStore as _, NewRun, NewWorkflow, OnConflict, Rate,
    RetentionStore as _, RunStatus, RunStore as _, Timestamp, WorkflowId, WorkflowRecord, WorkflowStore as _,
};

use crate::kit::{Kit, append, new_run, projection};

fn inline(text: &str) -> NewWorkflow {
    NewWorkflow {
        id: WorkflowId::generate(),
        name: Arc::from("inline"),
        description: None,
        source: Arc::from(text),
        digest: Digest::of(text.as_bytes()),
    }
}

/// By a rate whose clock is ahead for hours after its first run.
fn rated(workflow: &WorkflowRecord) -> NewRun {
    let rate = Rate {
        limit: 1,
        per: Duration::from_secs(36_000),
    };
    let flow = FlowEntry {
        scope: workflow.id,
        key: None,
        numbers: FlowNumbers {
            version: 1,
            slots: None,
            rate: Some(rate),
        },
        on_conflict: OnConflict::Queue,
        debounce: None,
        admitted: Arc::from(&b"go"[..]),
        deadline: None,
    };
    NewRun {
        workflow: workflow.pinned(),
        flow: Some(flow),
        ..new_run(None)
    }
}

#[tokio::test]
async fn nothing_is_kept_of_a_definition_that_no_run_needs_any_more() {
    let kit = Kit::new();
    let (store, node) = kit.open_with_node().await;
    for text in ["gone", "kept"] {
        let kept = store.keep_inline(&kit.tenant, inline(text)).await.unwrap();
        store.create_run(&kit.tenant, rated(&kept)).await.unwrap();
    }
    let limits = ClaimLimits {
        max: 1,
        suspects: 0,
        grave: false,
        reader: 1,
        ttl: Duration::from_secs(10),
    };
    let claimed = store.claim(node, limits).await.unwrap();
    let mut end = append(&claimed[0].lease, 1, "1");
    end.projection = projection(RunStatus::Succeeded);
    end.projection.finished_at = Some(Timestamp::from_millis(2));
    end.then = AppendThen::End;
    store.append(end).await.unwrap();
    let counts = || {
        let count = |table: &str| -> i64 {
            let sql = format!("SELECT count(*) FROM {table}");
            kit.raw().query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        (count("flow_scopes"), count("flow_lines"))
    };
    assert!(store.forget_workflows(Duration::ZERO, 10).await.unwrap().is_empty());
    assert_eq!(counts(), (2, 2));
    store.forget_run(&kit.tenant, claimed[0].lease.run).await.unwrap();
    assert_eq!(store.forget_workflows(Duration::ZERO, 10).await.unwrap().len(), 1);
    assert_eq!(counts(), (1, 1), "the other one has a run still");
}
