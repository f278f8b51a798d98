-- Hands a running job back, without using up an attempt.
-- ARGV: id, attempt, ttl
-- Returns 1, or 0 when the job is not this attempt's.
local id, attempt, ttl = ARGV[1], ARGV[2], tonumber(ARGV[3])
local record, work = held(id, attempt)
if not record then return 0 end
try_all_commands()
wait_again(id, record, work, clock(), ttl)
redis.call('HINCRBY', job_key(id), 'handed_back', 1)
return 1
