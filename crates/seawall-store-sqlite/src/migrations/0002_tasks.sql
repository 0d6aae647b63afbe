-- Tasks that workers outside carry out, and their queues. Everything that a claim asks is answered by the first entry of
-- an index or by a counter, whatever waits.

-- A queue comes into being with its first task or its settings, and stays: rows of settled tasks name it.
CREATE TABLE queues (
    queue_no  INTEGER PRIMARY KEY,
    tenant_no INTEGER NOT NULL REFERENCES tenants,
    name      TEXT NOT NULL,
    concurrency         INTEGER,
    concurrency_per_key INTEGER,
    rate_limit INTEGER,
    rate_ms    INTEGER,
    paused     INTEGER NOT NULL,
    -- When all that the rate let through is made up for, in microseconds since the Unix epoch.
    spent      INTEGER NOT NULL,
    -- Kept by the changes themselves.
    offered       INTEGER NOT NULL,
    claimed       INTEGER NOT NULL,
    offered_bytes INTEGER NOT NULL,
    UNIQUE (tenant_no, name)
) STRICT;

-- Keys that have tasks which are not settled; the row goes with the last of them.
CREATE TABLE queue_keys (
    queue_no INTEGER NOT NULL,
    key      TEXT NOT NULL,
    offered  INTEGER NOT NULL,
    claimed  INTEGER NOT NULL,
    -- 1 when as many are claimed as the queue allows for each key.
    is_full  INTEGER NOT NULL,
    -- Place and number of the key's first offered task, if there is one.
    head      INTEGER,
    head_task INTEGER,
    PRIMARY KEY (queue_no, key)
) STRICT, WITHOUT ROWID;
-- A key at its limit is not in here, so it holds nobody back and is not passed over one task at a time.
CREATE INDEX queue_keys_next ON queue_keys (queue_no, head, head_task) WHERE is_full = 0 AND head IS NOT NULL;

-- Numbered in the order in which they were offered. No foreign keys: the append that offers has just found its run, and
-- made the queue.
CREATE TABLE tasks (
    task_no  INTEGER PRIMARY KEY,
    id       BLOB NOT NULL UNIQUE,
    run_no   INTEGER NOT NULL,
    queue_no INTEGER NOT NULL,
    key      TEXT,
    -- The place in the queue: TaskOffered::order.
    ord      INTEGER NOT NULL,
    status   INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    offered_at INTEGER NOT NULL,
    activity TEXT NOT NULL,
    attempt  INTEGER NOT NULL,
    -- The next two are empty once the task was given out or withdrawn: nobody asks for them again.
    effect_key TEXT NOT NULL,
    payload    BLOB NOT NULL,
    timeout_ms INTEGER NOT NULL,
    cancelled  INTEGER NOT NULL,
    worker   TEXT,
    lease    BLOB,
    lease_ms INTEGER,
    claimed_at  INTEGER,
    lease_until INTEGER,
    deadline    INTEGER,
    beat_at  INTEGER,
    progress BLOB
) STRICT;
CREATE INDEX tasks_by_run ON tasks (run_no);
-- The row number that ends every index entry orders equal places by their offering.
CREATE INDEX tasks_offered ON tasks (queue_no, key, ord) WHERE status = 0;
CREATE INDEX tasks_waiting ON tasks (queue_no, offered_at) WHERE status = 0;
CREATE INDEX tasks_claimed ON tasks (lease_until) WHERE status = 1;
