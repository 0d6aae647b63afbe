-- Who may ask, and what was done. Of secrets only hashes stand here, and the key of the audit chain's seals does not.

CREATE TABLE api_keys (
    key_no       INTEGER PRIMARY KEY,
    id           BLOB NOT NULL UNIQUE,
    tenant_no    INTEGER NOT NULL REFERENCES tenants,
    name         TEXT NOT NULL,
    hash         BLOB NOT NULL,
    -- With blanks between them.
    scopes       TEXT NOT NULL,
    created_by   TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER,
    revoked_at   INTEGER,
    revoked_by   TEXT,
    -- One of those with which the store begins.
    admin        INTEGER NOT NULL
) STRICT;
CREATE INDEX api_keys_by_tenant ON api_keys (tenant_no, key_no);
CREATE INDEX api_keys_unrevoked ON api_keys (tenant_no, expires_at) WHERE revoked_at IS NULL;
CREATE INDEX api_keys_admin ON api_keys (tenant_no, key_no) WHERE admin = 1;
CREATE INDEX api_keys_revoked ON api_keys (revoked_at) WHERE admin = 0 AND revoked_at IS NOT NULL;
CREATE INDEX api_keys_expiring ON api_keys (expires_at) WHERE admin = 0 AND expires_at IS NOT NULL;

CREATE TABLE users (
    user_no       INTEGER PRIMARY KEY,
    id            BLOB NOT NULL UNIQUE,
    tenant_no     INTEGER NOT NULL REFERENCES tenants,
    -- Of all tenants: a login names none.
    email         TEXT NOT NULL UNIQUE,
    password      TEXT NOT NULL,
    role          INTEGER NOT NULL,
    active        INTEGER NOT NULL,
    version       INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    last_login_at INTEGER,
    attempts      INTEGER NOT NULL,
    locked_until  INTEGER
) STRICT;
CREATE INDEX users_by_tenant ON users (tenant_no, user_no);

CREATE TABLE sessions (
    session_no  INTEGER PRIMARY KEY,
    id          BLOB NOT NULL UNIQUE,
    tenant_no   INTEGER NOT NULL REFERENCES tenants,
    -- No foreign key: the user may be gone before.
    user        BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    rotated_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    rotations   INTEGER NOT NULL,
    ended_at    INTEGER,
    ended_cause INTEGER
) STRICT;
CREATE INDEX sessions_unended ON sessions (user, session_no) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at, session_no);

-- Spent ones stay until their session goes: they tell a theft.
CREATE TABLE session_tokens (
    hash       BLOB PRIMARY KEY,
    session_no INTEGER NOT NULL REFERENCES sessions,
    expires_at INTEGER NOT NULL,
    -- The one that came in when this one was spent.
    next       BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX session_tokens_of ON session_tokens (session_no);

-- What other nodes have to know, without a gap.
CREATE TABLE revocations (
    revocation_no INTEGER PRIMARY KEY,
    kind          INTEGER NOT NULL,
    id            BLOB NOT NULL,
    at            INTEGER NOT NULL
) STRICT;
-- How many there ever were: numbers go on when all are forgotten.
CREATE TABLE revocation_count (
    count_no INTEGER PRIMARY KEY CHECK (count_no = 1),
    last     INTEGER NOT NULL
) STRICT;
INSERT INTO revocation_count VALUES (1, 0);

CREATE TABLE audit (
    audit_no  INTEGER PRIMARY KEY,
    tenant_no INTEGER NOT NULL REFERENCES tenants,
    seq       INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    actor     TEXT NOT NULL,
    action    TEXT NOT NULL,
    object    TEXT,
    outcome   INTEGER NOT NULL,
    request   TEXT,
    details   TEXT NOT NULL,
    previous  BLOB NOT NULL,
    mac       BLOB NOT NULL,
    UNIQUE (tenant_no, seq)
) STRICT;
CREATE INDEX audit_by_actor ON audit (tenant_no, actor, seq);
CREATE INDEX audit_by_action ON audit (tenant_no, action, seq);
CREATE TABLE audit_heads (
    tenant_no INTEGER PRIMARY KEY REFERENCES tenants,
    seq       INTEGER NOT NULL,
    mac       BLOB NOT NULL
) STRICT;

CREATE TABLE requests (
    request_no   INTEGER PRIMARY KEY,
    tenant_no    INTEGER NOT NULL REFERENCES tenants,
    key          BLOB NOT NULL,
    fingerprint  BLOB NOT NULL,
    claim        BLOB NOT NULL,
    leased_until INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    -- 0 begun, 1 answered, 2 its answer is withheld.
    stage        INTEGER NOT NULL,
    status       INTEGER,
    headers      BLOB,
    body         BLOB,
    UNIQUE (tenant_no, key)
) STRICT;
CREATE INDEX requests_by_expiry ON requests (expires_at);

CREATE TABLE tickets (
    hash       BLOB PRIMARY KEY,
    tenant_no  INTEGER NOT NULL REFERENCES tenants,
    run        BLOB NOT NULL,
    principal  TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tickets_by_expiry ON tickets (expires_at);
