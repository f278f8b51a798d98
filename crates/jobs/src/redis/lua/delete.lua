-- Removes a job, whatever its state.
-- Arguments: job_id
-- Returns {record, its TTL}, or nothing.
local id = args.job_id
try_all_commands(true)
local text, left = record_text(id), redis.call('PTTL', record_key(id))
forget(id, work_of(id))
return text and { text, left }
