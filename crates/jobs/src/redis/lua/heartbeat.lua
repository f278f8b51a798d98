-- Renews a lease and a life, and notes how many detections are done.
-- Arguments: job_id, attempt, processed_count or nil, ttl_ms, lease_ms
-- Returns 1, or 0 when the job is not this attempt's.
local id, attempt, processed = args.job_id, args.attempt, args.processed_count
local ttl, lease = tonumber(args.ttl_ms), tonumber(args.lease_ms)
local record, work = held(id, attempt)
if not record then return 0 end
local now = clock()
set(record, 'phase', '"running"')
set(record, 'attempt', attempt)
if work.total and processed then set(record, 'processed_count', processed) end
write(id, record, work, now, ttl, now + ttl, true)
redis.call('ZADD', LEASES, now + lease, id)
return 1
