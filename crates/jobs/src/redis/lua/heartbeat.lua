-- Renews a lease and a life, and notes how many detections are done.
-- ARGV: id, attempt, processed or '', ttl, lease
-- Returns 1, or 0 when the job is not this attempt's.
local id, attempt, processed, ttl, lease = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local record, work = held(id, attempt)
if not record then return 0 end
local now = clock()
set(record, 'phase', '"running"')
set(record, 'attempt', attempt)
if work.total and processed ~= '' then set(record, 'processed_count', processed) end
write(id, record, work, now, ttl, now + ttl, true)
redis.call('ZADD', LEASES, now + lease, id)
return 1
