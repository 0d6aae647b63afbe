-- Flow control: which runs of a workflow may begin. Runs without it have nothing here.

ALTER TABLE runs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
-- 1 while the run waits for its admission or has a slot, 0 once it was released; null without flow control. An append that
-- ends a run looks here, in the row that it reads anyway.
ALTER TABLE runs ADD COLUMN flow INTEGER;

-- A workflow, with the numbers of its highest version of which a run was created.
CREATE TABLE flow_scopes (
    scope_no   INTEGER PRIMARY KEY,
    tenant_no  INTEGER NOT NULL REFERENCES tenants,
    workflow   BLOB NOT NULL,
    version    INTEGER NOT NULL,
    slots      INTEGER,
    rate_limit INTEGER,
    -- Milliseconds.
    rate_per   INTEGER,
    UNIQUE (tenant_no, workflow)
) STRICT;

-- One key of a workflow, '' for runs without one. The counts are kept by the changes themselves. A line in which nothing is
-- goes once its rate's clock has been caught up with.
CREATE TABLE flow_lines (
    line_no  INTEGER PRIMARY KEY,
    scope_no INTEGER NOT NULL REFERENCES flow_scopes,
    key      TEXT NOT NULL,
    running  INTEGER NOT NULL,
    queued   INTEGER NOT NULL,
    -- Debounced.
    quiet    INTEGER NOT NULL,
    -- The rate's clock, in microseconds.
    ahead    INTEGER NOT NULL,
    -- When the rate alone holds the first of the queue back: until when.
    next_at  INTEGER,
    UNIQUE (scope_no, key)
) STRICT;
CREATE INDEX flow_lines_by_scope ON flow_lines (scope_no);
CREATE INDEX flow_lines_due ON flow_lines (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX flow_lines_idle ON flow_lines (ahead) WHERE running = 0 AND queued = 0 AND quiet = 0;

-- A run's place. A released one stays: a retry needs it. It goes with its run.
CREATE TABLE flow_runs (
    run_no      INTEGER PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
    scope_no    INTEGER NOT NULL REFERENCES flow_scopes,
    key         TEXT NOT NULL,
    -- Null once it is released.
    line_no     INTEGER,
    -- The numbers of codec.rs.
    stage       INTEGER NOT NULL,
    -- 1: it was told to give way since its admission.
    told        INTEGER NOT NULL,
    priority    INTEGER NOT NULL,
    -- In the queue: earlier comes first.
    place       INTEGER NOT NULL,
    since       INTEGER NOT NULL,
    quiet_key   TEXT,
    first_at    INTEGER,
    not_before  INTEGER,
    on_conflict INTEGER NOT NULL,
    -- What a conflict sends.
    conflict    BLOB,
    -- What its first admission sends, until then.
    admitted    BLOB
) STRICT;
CREATE INDEX flow_runs_queued ON flow_runs (line_no, place) WHERE stage = 1;
CREATE INDEX flow_runs_untold ON flow_runs (line_no) WHERE stage = 2 AND told = 0;
CREATE INDEX flow_runs_quiet ON flow_runs (not_before) WHERE stage = 0;
CREATE UNIQUE INDEX flow_runs_quiet_key ON flow_runs (scope_no, quiet_key) WHERE stage = 0;
