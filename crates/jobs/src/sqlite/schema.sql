-- Times are milliseconds since 1970 UTC.
BEGIN;
CREATE TABLE jobs (
    seq              INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id           TEXT NOT NULL UNIQUE,
    kind             TEXT NOT NULL,
    title            TEXT,
    request          TEXT NOT NULL,
    state            TEXT NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed')),
    attempt          INTEGER NOT NULL DEFAULT 0,
    -- Attempts that were handed back unfinished and do not count against the limit.
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
    missing_count    INTEGER,
    -- JSON, of at most 4 KiB.
    missing_reasons  TEXT,
    remote_pictures  INTEGER,
    sha256           TEXT,
    -- JSON: what clients are shown of the request.
    details          TEXT,
    owner            TEXT,
    -- Where the end is told, until it was; tried so often, and not before that time again.
    callback         TEXT,
    callback_attempt INTEGER NOT NULL DEFAULT 0,
    callback_due     INTEGER NOT NULL DEFAULT 0,
    -- When its turn is, among those that wait.
    turn             INTEGER NOT NULL DEFAULT 0,
    -- What a submission that is sent again is known by.
    idempotency_key  TEXT,
    fingerprint      TEXT,
    -- A final state has its time; a completed job its file, a failed one its reason.
    CHECK ((completed_at IS NOT NULL) = (state IN ('completed', 'failed'))),
    CHECK ((filename IS NOT NULL) = (state = 'completed')),
    CHECK ((error IS NOT NULL) = (state = 'failed'))
) STRICT;

CREATE INDEX jobs_waiting ON jobs (turn, seq) WHERE state = 'queued';
CREATE INDEX jobs_taken ON jobs (turn) WHERE state <> 'queued';
CREATE INDEX jobs_owned ON jobs (owner, turn);
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 'running';
CREATE UNIQUE INDEX jobs_keys ON jobs (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_calling ON jobs (callback_due) WHERE callback IS NOT NULL;
CREATE INDEX jobs_expiring ON jobs (expires_at);
PRAGMA user_version = 5;
COMMIT;
