//! The raw limit: one step's append through the store's writer, and nothing else.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use seawall_engine::store::{
    Append, AppendThen, Awaits, CreatedRun, Lease, LeaseStore as _, NewRun, NodeId, OwnTurn, RunId, RunProjection,
    RunStatus, RunStore as _, Segment, Seq, SystemClock, TenantId, Timestamp, WorkflowId, WorkflowVersion,
};
use seawall_store_sqlite::{SqliteOptions, SqliteStore};
use serde_json::{Value, json};

use crate::stats::{Sample, round};

/// About what the events of one step's end and the next one's start take.
const SEGMENT_BYTES: usize = 320;

pub(crate) struct Raw {
    pub(crate) single: Sample,
    pub(crate) at_64: Sample,
    pub(crate) at_256: Sample,
    fsync: Sample,
}

impl Raw {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "fsyncs": self.fsync.to_json(),
            "appends_1": self.single.to_json(),
            "appends_64": self.at_64.to_json(),
            "appends_256": self.at_256.to_json(),
            "segment_bytes": round(SEGMENT_BYTES as f64),
        })
    }
}

pub(crate) async fn measure(folder: &Path, seconds: f64) -> anyhow::Result<Raw> {
    let fsync = fsyncs(folder, seconds.min(2.0))?;
    let mut samples = Vec::new();
    for callers in [1usize, 64, 256] {
        let path = folder.join(format!("raw-{callers}.db"));
        let store = Arc::new(SqliteStore::open(SqliteOptions::new(path, Arc::new(SystemClock)))?);
        samples.push(appends(&store, callers, seconds).await?);
        eprintln!("raw x{callers}: {:.0} appends/s", samples[samples.len() - 1].rate());
    }
    let mut samples = samples.into_iter();
    let mut next = || samples.next().context("three samples");
    Ok(Raw {
        single: next()?,
        at_64: next()?,
        at_256: next()?,
        fsync,
    })
}

/// What the disk gives: a small write and a flush, one after the other.
fn fsyncs(folder: &Path, seconds: f64) -> anyhow::Result<Sample> {
    use std::io::Write as _;
    let mut file = std::fs::File::create(folder.join("fsync"))?;
    let (started, mut latencies) = (Instant::now(), Vec::new());
    while started.elapsed().as_secs_f64() < seconds {
        let begun = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        latencies.push(begun.elapsed());
    }
    Ok(Sample::new(latencies, started.elapsed()))
}

async fn appends(store: &Arc<SqliteStore>, callers: usize, seconds: f64) -> anyhow::Result<Sample> {
    let (node, tenant) = (NodeId::generate(), TenantId::default());
    store.register(node, Duration::from_secs(3600)).await?;
    let mut leases = Vec::new();
    for _ in 0..callers {
        leases.push(held(store, node, &tenant).await?);
    }
    let (started, until) = (Instant::now(), Instant::now() + Duration::from_secs_f64(seconds));
    let tasks: Vec<_> = leases
        .into_iter()
        .map(|lease| {
            let store = Arc::clone(store);
            tokio::spawn(async move {
                let (mut latencies, mut after) = (Vec::new(), Seq(1));
                while Instant::now() < until {
                    let begun = Instant::now();
                    after = store.append(step(&lease, after)).await?.last;
                    latencies.push(begun.elapsed());
                }
                anyhow::Ok(latencies)
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await??);
    }
    Ok(Sample::new(latencies, started.elapsed()))
}

async fn held(store: &SqliteStore, node: NodeId, tenant: &TenantId) -> anyhow::Result<Lease> {
    let new = NewRun {
        id: RunId::generate(),
        workflow: WorkflowVersion {
            id: WorkflowId::generate(),
            name: "raw".into(),
            version: 1,
        },
        created_by: "bench".into(),
        created_at: Timestamp::from_millis(1),
        parent: None,
        segment: Segment {
            first: Seq(1),
            count: 1,
            bytes: vec![b' '; SEGMENT_BYTES].into(),
        },
        reader: 1,
        projection: projection(),
        idempotency: None,
        hold: Some(node),
        priority: 0,
        flow: None,
    };
    match store.create_run(tenant, new).await? {
        CreatedRun::New { lease } => lease.context("born held"),
        CreatedRun::Replayed(_) => anyhow::bail!("no key was given"),
    }
}

fn projection() -> RunProjection {
    RunProjection {
        status: RunStatus::Running,
        awaits: Awaits::Nobody,
        total_steps: 10,
        completed_steps: 3,
        started_at: Some(Timestamp::from_millis(1)),
        finished_at: None,
        error_code: None,
        error_step: None,
        error_message: None,
    }
}

/// What a step's end and its successor's start write.
fn step(lease: &Lease, after: Seq) -> Append {
    Append {
        lease: lease.clone(),
        segment: Some(Segment {
            first: after.plus(1),
            count: 2,
            bytes: vec![b' '; SEGMENT_BYTES].into(),
        }),
        after,
        projection: projection(),
        reader: 1,
        consumed: Vec::new(),
        opened: Vec::new(),
        settled: Vec::new(),
        children: Vec::new(),
        messages: Vec::new(),
        tasks: Vec::new(),
        withdrawn: Vec::new(),
        turn: OwnTurn::Keep,
        keeps_deaths: false,
        then: AppendThen::Hold,
    }
}
