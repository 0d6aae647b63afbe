//! `cargo xtask bench guard`: what the guards cost, beside the same handlers on bare axum.
//!
//! Everything is in this process: servers and callers share its two threads, so that what a caller costs is the same on
//! all sides. Rounds of bare axum, the library and the server take turns; a ratio is the median of the ratios of neighbouring rounds, which
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
    /// Only put one side under load: for a profiler.
    #[arg(long)]
    profile: Option<Side>,
    /// Only one of the requests (`key_get`, `jwt_post`, …).
    #[arg(long)]
    request: Option<String>,
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

/// Who answers.
#[derive(Clone, Copy, ValueEnum, Debug)]
enum Side {
    Bare,
    Library,
    Server,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let folder = tempfile::tempdir()?;
    let _last_lines = service::log_to(&folder.path().join("log"))?;
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
    let guarded = service::guarded().await?;
    let library = service::serve(guarded.library).await?;
    let server = service::serve(guarded.server).await?;
    let mut report = serde_json::Map::new();
    report.insert("cores".to_owned(), json!(std::thread::available_parallelism()?.get()));
    report.insert("connections".to_owned(), json!(args.connections));
    for (name, request) in service::requests(&guarded.credentials) {
        if args.request.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        if let Some(side) = args.profile {
            let address = match side {
                Side::Bare => bare,
                Side::Library => library,
                Side::Server => server,
            };
            let rate = round(args, address, &request).await?;
            report.insert(name.to_owned(), json!({ "per_second": rate.round() }));
            continue;
        }
        let mut rounds = Vec::new();
        for number in 0..=args.rounds {
            let rates = [
                round(args, bare, &request).await?,
                round(args, library, &request).await?,
                round(args, server, &request).await?,
            ];
            // The first one warms up.
            if number > 0 {
                let [bare, library, server] = rates;
                eprintln!(
                    "{name}: bare {bare:.0}/s, library {library:.0}/s: {:.2}, server {server:.0}/s: {:.2}",
                    library / bare,
                    server / bare
                );
                rounds.push(rates);
            }
        }
        report.insert(name.to_owned(), summary(&rounds));
    }
    Ok(Value::Object(report))
}

fn summary(rounds: &[[f64; 3]]) -> Value {
    let median = |of: fn(&[f64; 3]) -> f64| {
        let mut values: Vec<_> = rounds.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    let ratio = |of| (median(of) * 1e3).round() / 1e3;
    json!({
        "bare_per_second": median(|rates| rates[0]).round(),
        "library_per_second": median(|rates| rates[1]).round(),
        "library_ratio": ratio(|rates| rates[1] / rates[0]),
        "server_per_second": median(|rates| rates[2]).round(),
        "server_ratio": ratio(|rates| rates[2] / rates[0]),
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
