-- Removes a job, whatever its state.
-- ARGV: id
-- Returns {record, its TTL}, or nothing.
local id = ARGV[1]
try_all_commands(true)
local text, left = record_text(id), redis.call('PTTL', record_key(id))
forget(id, work_of(id))
return text and { text, left }
