-- How much there is to do.
-- Returns how many wait, how many run, how many there are in all, when the one whose turn it is was
-- submitted (JSON text, or nothing), the time, and when a worker asked for a job (or nothing).
local head = redis.call('ZRANGE', QUEUE, 0, 0)[1]
local created = head and work_of(head).created or ''
return { redis.call('ZCARD', QUEUE) + redis.call('ZCARD', DELAYED), redis.call('ZCARD', LEASES),
  redis.call('ZCARD', JOBS), created, clock(), redis.call('GET', CLAIMED) or '' }
