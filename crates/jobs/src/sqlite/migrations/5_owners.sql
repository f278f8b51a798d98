ALTER TABLE jobs ADD COLUMN owner TEXT;

-- The turn of the job among those that wait. Earlier jobs keep the order of their submission.
ALTER TABLE jobs ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
UPDATE jobs SET turn = seq;
DROP INDEX jobs_waiting;
CREATE INDEX jobs_waiting ON jobs (turn, seq) WHERE state = 'queued';
CREATE INDEX jobs_taken ON jobs (turn) WHERE state <> 'queued';
CREATE INDEX jobs_owned ON jobs (owner, turn);
