-- Integers stand for whatever is repeated in the hot path, so that its rows stay small. Instants are milliseconds since
-- the Unix epoch; ids are the 16 bytes under a TypeID; statuses are the numbers of codec.rs.

CREATE TABLE tenants (
    tenant_no INTEGER PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE
) STRICT;

-- One life of one process each. A dead one stays, because its identity is never registered again.
CREATE TABLE nodes (
    node_no     INTEGER PRIMARY KEY,
    id          BLOB NOT NULL UNIQUE,
    alive_until INTEGER NOT NULL,
    dead        INTEGER NOT NULL
) STRICT;

CREATE TABLE workflows (
    workflow_no INTEGER PRIMARY KEY,
    tenant_no   INTEGER NOT NULL REFERENCES tenants,
    id          BLOB NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    -- Set for a definition that came along with a run.
    inline_digest BLOB,
    deleted     INTEGER NOT NULL,
    latest      INTEGER NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX workflows_by_name ON workflows (tenant_no, name) WHERE inline_digest IS NULL AND deleted = 0;
CREATE UNIQUE INDEX workflows_by_digest ON workflows (tenant_no, inline_digest) WHERE inline_digest IS NOT NULL;
CREATE INDEX workflows_listed ON workflows (tenant_no, workflow_no) WHERE inline_digest IS NULL AND deleted = 0;

CREATE TABLE workflow_versions (
    workflow_no INTEGER NOT NULL REFERENCES workflows,
    version     INTEGER NOT NULL,
    description TEXT,
    source      TEXT NOT NULL,
    digest      BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    UNIQUE (workflow_no, version)
) STRICT;

-- What runs are pinned to, kept apart from the workflows: a run's row never asks for one that exists.
CREATE TABLE run_workflows (
    pin_no INTEGER PRIMARY KEY,
    id     BLOB NOT NULL,
    name   TEXT NOT NULL,
    UNIQUE (id, name)
) STRICT;
CREATE INDEX run_workflows_by_name ON run_workflows (name);

-- Rewritten by every append, so only what an append changes or a list filters by stands here.
CREATE TABLE runs (
    run_no          INTEGER PRIMARY KEY,
    id              BLOB NOT NULL UNIQUE,
    tenant_no       INTEGER NOT NULL,
    pin_no          INTEGER NOT NULL,
    pin_version     INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    created_by      TEXT NOT NULL,
    last_seq        INTEGER NOT NULL,
    epoch           INTEGER NOT NULL,
    holder          BLOB,
    due             INTEGER,
    deaths          INTEGER NOT NULL,
    status          INTEGER NOT NULL,
    awaits          INTEGER NOT NULL,
    total_steps     INTEGER NOT NULL,
    completed_steps INTEGER NOT NULL,
    started_at      INTEGER,
    finished_at     INTEGER,
    error_code      TEXT
) STRICT;
-- Only columns that never change: written at creation and never again, and a list filtered by workflow or age reads the
-- index alone, however many runs it passes over.
CREATE INDEX runs_by_tenant ON runs (tenant_no, run_no, pin_no, created_at);
-- Rare statuses among millions of runs must not cost a scan. Appends that leave the status as it is use a statement that
-- does not name the column (append_hot.sql), so a short run pays for this index twice: at its birth and at its end.
CREATE INDEX runs_by_status ON runs (tenant_no, status);
-- The timers: unheld runs only. The row number that ends every index entry orders equal timers by creation.
CREATE INDEX runs_due ON runs (due) WHERE holder IS NULL AND due IS NOT NULL;
CREATE INDEX runs_held ON runs (holder) WHERE holder IS NOT NULL;

-- Of child runs only.
CREATE TABLE run_parents (
    run_no     INTEGER PRIMARY KEY REFERENCES runs,
    parent     BLOB NOT NULL,
    step       TEXT NOT NULL,
    item       INTEGER,
    generation INTEGER NOT NULL
) STRICT;

-- Append-only, in the order of commits: rows land at the end of the table whatever their run is. No foreign key: the
-- fence has just found the run.
CREATE TABLE journal (
    entry_no  INTEGER PRIMARY KEY,
    run_no    INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    bytes     BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX journal_by_run ON journal (run_no, first_seq);

-- A consumed row loses its body and stays: its key deduplicates for as long as the run exists.
CREATE TABLE inbox (
    inbox_no INTEGER PRIMARY KEY,
    run_no   INTEGER NOT NULL REFERENCES runs,
    key      TEXT NOT NULL,
    unread   INTEGER NOT NULL,
    body     BLOB NOT NULL,
    UNIQUE (run_no, key)
) STRICT;
CREATE INDEX inbox_unread ON inbox (run_no) WHERE unread = 1;

CREATE TABLE approvals (
    approval_no  INTEGER PRIMARY KEY,
    id           BLOB NOT NULL UNIQUE,
    tenant_no    INTEGER NOT NULL REFERENCES tenants,
    run_no       INTEGER NOT NULL REFERENCES runs,
    step         TEXT NOT NULL,
    item         INTEGER,
    message      TEXT NOT NULL,
    deciders     BLOB NOT NULL,
    status       INTEGER NOT NULL,
    -- 1 once a decision waits in the run's inbox, or was consumed from it.
    decision     INTEGER NOT NULL,
    comment      TEXT,
    decided_by   TEXT,
    requested_at INTEGER NOT NULL,
    expires_at   INTEGER,
    decided_at   INTEGER
) STRICT;
CREATE INDEX approvals_by_tenant ON approvals (tenant_no, approval_no, status, run_no);
CREATE INDEX approvals_by_status ON approvals (tenant_no, status, approval_no);
CREATE INDEX approvals_by_run ON approvals (run_no);

CREATE TABLE idempotency_keys (
    key_no      INTEGER PRIMARY KEY,
    tenant_no   INTEGER NOT NULL REFERENCES tenants,
    key         BLOB NOT NULL,
    fingerprint BLOB NOT NULL,
    expires_at  INTEGER NOT NULL,
    run_no      INTEGER NOT NULL REFERENCES runs,
    UNIQUE (tenant_no, key)
) STRICT;
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);

-- One row: a number that a commit without a journal entry raises, so that after an error at COMMIT it can be told
-- whether the transaction stands. Also what an opening and a probe write.
CREATE TABLE mark (
    mark_no INTEGER PRIMARY KEY CHECK (mark_no = 1),
    n       INTEGER NOT NULL
) STRICT;
INSERT INTO mark (mark_no, n) VALUES (1, 0);

CREATE TABLE probe (
    probe_no INTEGER PRIMARY KEY,
    bytes    BLOB NOT NULL
) STRICT;
