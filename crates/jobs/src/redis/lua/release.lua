-- Hands a running job back, without using up an attempt.
-- Arguments: job_id, attempt, ttl_ms
-- Returns 1, or 0 when the job is not this attempt's.
local id, attempt, ttl = args.job_id, args.attempt, tonumber(args.ttl_ms)
local record, work = held(id, attempt)
if not record then return 0 end
try_all_commands()
wait_again(id, record, work, clock(), ttl)
redis.call('HINCRBY', job_key(id), 'handed_back', 1)
return 1
