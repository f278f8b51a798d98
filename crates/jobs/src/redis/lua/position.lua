-- The place of a job that waits, 1 for the next, or nothing.
-- ARGV: id
local id = ARGV[1]
local rank = redis.call('ZRANK', QUEUE, id)
if rank then return rank + 1 end
if not redis.call('ZSCORE', DELAYED, id) then return false end
return redis.call('ZCOUNT', QUEUE, '-inf', '(' .. turn_of(work_of(id))) + 1
