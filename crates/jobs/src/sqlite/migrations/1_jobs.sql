-- Times are milliseconds since 1970 UTC.
CREATE TABLE jobs (
    seq              INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id           TEXT NOT NULL UNIQUE,
    kind             TEXT NOT NULL,
    request          TEXT NOT NULL,
    state            TEXT NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed')),
    attempt          INTEGER NOT NULL DEFAULT 0,
    -- Attempts that were handed back, which do not count against the limit.
    handed_back      INTEGER NOT NULL DEFAULT 0,
    worker           TEXT,
    lease_until      INTEGER,
    not_before       INTEGER NOT NULL DEFAULT 0,
    created_at       INTEGER NOT NULL,
    started_at       INTEGER,
    completed_at     INTEGER,
    expires_at       INTEGER NOT NULL,
    filename         TEXT,
    file_size_bytes  INTEGER,
    error            TEXT,
    total_detections INTEGER,
    processed_count  INTEGER,
    -- Both identify a repeated submission.
    idempotency_key  TEXT,
    fingerprint      TEXT,
    -- A final state has a time; a completed job has a file, a failed one an error message.
    CHECK ((completed_at IS NOT NULL) = (state IN ('completed', 'failed'))),
    CHECK ((filename IS NOT NULL) = (state = 'completed')),
    CHECK ((error IS NOT NULL) = (state = 'failed'))
) STRICT;

CREATE INDEX jobs_waiting ON jobs (seq) WHERE state = 'queued';
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 'running';
CREATE UNIQUE INDEX jobs_keys ON jobs (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_expiring ON jobs (expires_at);
