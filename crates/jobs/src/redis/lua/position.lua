-- The place of a job that waits, 1 for the next, or nothing.
-- ARGV: id
local id = ARGV[1]
local rank = redis.call('ZRANK', QUEUE, id)
if rank then return rank + 1 end
if not redis.call('ZSCORE', DELAYED, id) then return false end
local seq = redis.call('HGET', job_key(id), 'seq')
return redis.call('ZCOUNT', QUEUE, '-inf', '(' .. seq) + 1
