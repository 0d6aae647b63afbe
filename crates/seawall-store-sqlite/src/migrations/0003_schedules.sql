-- Rules that make runs by the clock. Few rows, rewritten by every firing.
CREATE TABLE schedules (
    schedule_no   INTEGER PRIMARY KEY,
    id            BLOB NOT NULL UNIQUE,
    tenant_no     INTEGER NOT NULL REFERENCES tenants,
    settings      BLOB NOT NULL,
    revision      INTEGER NOT NULL,
    change        INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    cursor        INTEGER NOT NULL,
    next_at       INTEGER,
    waiting       INTEGER,
    last_fired_at INTEGER,
    -- No foreign key: the run may be gone before its schedule.
    last_run      BLOB,
    skipped       INTEGER NOT NULL,
    missed        INTEGER NOT NULL,
    failed        INTEGER NOT NULL,
    error_code    TEXT,
    error_message TEXT,
    error_at      INTEGER
) STRICT;
CREATE INDEX schedules_by_tenant ON schedules (tenant_no, schedule_no);
CREATE INDEX schedules_due ON schedules (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX schedules_waiting ON schedules (schedule_no) WHERE waiting IS NOT NULL;
