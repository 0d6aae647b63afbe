//! `cargo xtask bench guard`: what the guards cost, beside the same handlers on bare axum.
//!
//! Everything is in this process: servers and callers share its two threads, so that what a caller costs is the same on
//! both sides. Rounds of bare and guarded take turns; a ratio is the median of the ratios of neighbouring rounds, which
//! noise of the machine meets alike. The log is written, as JSON, to a file. What idle connections cost is measured with
//! callers in another process, over the server's own accept loop.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program whose result is what it prints"
)]
#![expect(clippy::disallowed_methods, reason = "it measures time and spawns callers")]

mod caller;
mod idle;
mod service;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use serde_json::{Value, json};

use caller::Caller;

/// That of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Sizes of the measurement.
#[derive(Parser, Debug)]
#[command(name = "guard")]
struct Args {
    /// Seconds of each round.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Rounds of each side.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Connections at once.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Only put the guarded service under load: for a profiler.
    #[arg(long)]
    profile: bool,
    /// Only one of the measurements.
    #[arg(long)]
    only: Option<Only>,
    /// Connections that are held and not used.
    #[arg(long, default_value_t = 10_000)]
    idle: usize,
    /// Hold them, to this address: what the measurement starts as a process of its own.
    #[arg(long, hide = true)]
    hold: Option<SocketAddr>,
    #[arg(long, hide = true, default_value = "silent")]
    kind: idle::Kind,
    /// Given by `cargo bench`; says nothing here.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What is measured.
#[derive(Clone, Copy, PartialEq, ValueEnum, Debug)]
enum Only {
    /// Requests in a second, beside bare axum.
    Load,
    /// Memory of idle connections.
    Idle,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let folder = tempfile::tempdir()?;
    service::log_to(&folder.path().join("log"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    if let Some(address) = args.hold {
        return runtime.block_on(idle::hold(address, args.kind, args.idle));
    }
    let mut report = serde_json::Map::new();
    if args.only != Some(Only::Load) {
        // First: what a load leaves behind would hide what connections take.
        report.insert("idle".to_owned(), runtime.block_on(idle::measure(args.idle))?);
    }
    if args.only != Some(Only::Idle) {
        report.insert("load".to_owned(), runtime.block_on(measure(&args))?);
    }
    println!("{:#}", Value::Object(report));
    Ok(())
}

async fn measure(args: &Args) -> anyhow::Result<Value> {
    let bare = service::serve(service::bare()).await?;
    let (guarded, credentials) = service::guarded().await?;
    let guarded = service::serve(guarded).await?;
    let mut report = serde_json::Map::new();
    report.insert("cores".to_owned(), json!(std::thread::available_parallelism()?.get()));
    report.insert("connections".to_owned(), json!(args.connections));
    for (name, request) in service::requests(&credentials) {
        if args.profile {
            let rate = round(args, guarded, &request).await?;
            report.insert(name.to_owned(), json!({ "guarded_per_second": rate.round() }));
            continue;
        }
        let mut rounds = Vec::new();
        for number in 0..=args.rounds {
            let pair = (
                round(args, bare, &request).await?,
                round(args, guarded, &request).await?,
            );
            // The first one warms up.
            if number > 0 {
                eprintln!(
                    "{name}: bare {:.0}/s, guarded {:.0}/s: {:.2}",
                    pair.0,
                    pair.1,
                    pair.1 / pair.0
                );
                rounds.push(pair);
            }
        }
        report.insert(name.to_owned(), summary(&rounds));
    }
    Ok(Value::Object(report))
}

fn summary(rounds: &[(f64, f64)]) -> Value {
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    json!({
        "bare_per_second": median(rounds.iter().map(|pair| pair.0).collect()).round(),
        "guarded_per_second": median(rounds.iter().map(|pair| pair.1).collect()).round(),
        "ratio": (median(rounds.iter().map(|pair| pair.1 / pair.0).collect()) * 1e3).round() / 1e3,
    })
}

/// Requests answered in a second, one at a time on each connection.
async fn round(args: &Args, address: SocketAddr, request: &str) -> anyhow::Result<f64> {
    let mut callers = Vec::new();
    for _ in 0..args.connections {
        callers.push(Caller::connect(address, request).await?);
    }
    let began = Instant::now();
    let until = began + Duration::from_secs_f64(args.seconds);
    let running: Vec<_> = callers
        .into_iter()
        .map(|mut caller| {
            tokio::spawn(async move {
                let mut count = 0_u64;
                while Instant::now() < until {
                    caller.call().await?;
                    count += 1;
                }
                anyhow::Ok(count)
            })
        })
        .collect();
    let mut count = 0;
    for caller in running {
        count += caller.await??;
    }
    Ok(count as f64 / began.elapsed().as_secs_f64())
}
