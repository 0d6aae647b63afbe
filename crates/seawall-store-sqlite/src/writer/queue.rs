//! The queue before the writer.
//!
//! Three lanes, each with its own bound, so that none fills another: heartbeats, which the writer takes first; operations
//! of held runs, whose callers wait for room; operations of clients, who are refused when there is none.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};
use seawall_store::{StoreError, StoreResult};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::options::QueueBounds;
use crate::writer::job::Job;

/// Room is counted in units of this many bytes.
const UNIT: usize = 256;
/// Heartbeats that may wait: there is one node to a process.
const HEARTBEATS: usize = 64;

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lane {
    Heartbeat,
    /// Waits for room.
    Held,
    /// Refused when there is no room.
    Client,
}

struct Room {
    units: Arc<Semaphore>,
    /// What there is altogether: one operation never asks for more.
    total: usize,
}

impl Room {
    fn of(bytes: usize) -> Self {
        let total = (bytes / UNIT).clamp(1, u32::MAX as usize >> 3);
        Self {
            units: Arc::new(Semaphore::new(total)),
            total,
        }
    }

    fn units_for(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.div_ceil(UNIT).clamp(1, self.total)).unwrap_or(u32::MAX)
    }
}

#[derive(Default)]
struct Waiting {
    heartbeats: VecDeque<Box<dyn Job>>,
    work: VecDeque<Box<dyn Job>>,
    closed: bool,
}

pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    filled: Condvar,
    heartbeats: Room,
    held: Room,
    clients: Room,
    batch_ops: usize,
    batch_bytes: usize,
}

impl Queue {
    pub(crate) fn new(bounds: QueueBounds) -> Self {
        Self {
            waiting: Mutex::default(),
            filled: Condvar::new(),
            heartbeats: Room::of(HEARTBEATS * UNIT),
            held: Room::of(bounds.held_bytes),
            clients: Room::of(bounds.client_bytes),
            batch_ops: bounds.batch_ops.max(1),
            batch_bytes: bounds.batch_bytes,
        }
    }

    /// Room for an operation of `bytes`, kept until it is answered.
    pub(crate) async fn room(&self, lane: Lane, bytes: usize) -> StoreResult<OwnedSemaphorePermit> {
        let room = match lane {
            Lane::Heartbeat => &self.heartbeats,
            Lane::Held => &self.held,
            Lane::Client => &self.clients,
        };
        let units = Arc::clone(&room.units);
        if lane == Lane::Client {
            return units
                .try_acquire_many_owned(room.units_for(bytes))
                .map_err(|error| match error {
                    tokio::sync::TryAcquireError::NoPermits => StoreError::Busy,
                    tokio::sync::TryAcquireError::Closed => closed(),
                });
        }
        let count = if lane == Lane::Heartbeat {
            1
        } else {
            room.units_for(bytes)
        };
        units.acquire_many_owned(count).await.map_err(|_| closed())
    }

    pub(crate) fn push(&self, lane: Lane, job: Box<dyn Job>) -> StoreResult<()> {
        let mut waiting = self.waiting.lock();
        if waiting.closed {
            return Err(closed());
        }
        match lane {
            Lane::Heartbeat => waiting.heartbeats.push_back(job),
            Lane::Held | Lane::Client => waiting.work.push_back(job),
        }
        drop(waiting);
        self.filled.notify_one();
        Ok(())
    }

    /// Moves the next batch into `batch`, waiting for one. False: closed, and nothing is left.
    pub(crate) fn take(&self, batch: &mut Vec<Box<dyn Job>>) -> bool {
        let mut waiting = self.waiting.lock();
        while waiting.heartbeats.is_empty() && waiting.work.is_empty() {
            if waiting.closed {
                return false;
            }
            self.filled.wait(&mut waiting);
        }
        batch.extend(waiting.heartbeats.drain(..));
        let mut bytes = 0;
        while batch.len() < self.batch_ops {
            let Some(next) = waiting.work.front() else { break };
            bytes += next.bytes();
            if bytes > self.batch_bytes && !batch.is_empty() {
                break;
            }
            batch.extend(waiting.work.pop_front());
        }
        true
    }

    /// Refuses everything from now on; what has been accepted is still taken.
    pub(crate) fn close(&self) {
        self.waiting.lock().closed = true;
        for room in [&self.heartbeats, &self.held, &self.clients] {
            room.units.close();
        }
        self.filled.notify_all();
    }

    /// Closes, and drops what nobody will take, so that no caller waits for it.
    pub(crate) fn abandon(&self) {
        self.close();
        let mut waiting = self.waiting.lock();
        let left = (
            std::mem::take(&mut waiting.heartbeats),
            std::mem::take(&mut waiting.work),
        );
        // Dropping wakes callers: not under the lock.
        drop(waiting);
        drop(left);
    }

    pub(crate) fn len(&self) -> usize {
        let waiting = self.waiting.lock();
        waiting.heartbeats.len() + waiting.work.len()
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable {
        reason: "the store is closed",
        source: None,
    }
}
