ALTER TABLE jobs ADD COLUMN sha256 TEXT;

-- The address of the callback until it is settled, the number of attempts to send it, and the time of the next.
ALTER TABLE jobs ADD COLUMN callback TEXT;
ALTER TABLE jobs ADD COLUMN callback_attempt INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN callback_due INTEGER NOT NULL DEFAULT 0;
CREATE INDEX jobs_calling ON jobs (callback_due) WHERE callback IS NOT NULL;
