-- Gives the end of a job that is to be told to an address, and to nobody else for a while.
-- Arguments: reservation_ms
-- Returns {id, address, which attempt this is}, or nothing.
local now = clock()
for _, id in ipairs(redis.call('ZRANGEBYSCORE', CALLBACKS, '-inf', now, 'LIMIT', 0, 100)) do
  local work = work_of(id)
  if work.callback and redis.call('EXISTS', record_key(id)) == 1 then
    local attempt = (work.callback_attempt or 0) + 1
    redis.call('ZADD', CALLBACKS, now + args.reservation_ms, id)
    redis.call('HSET', job_key(id), 'callback_attempt', attempt)
    return { id, work.callback, attempt }
  end
  -- It expired, and nobody has tidied up yet.
  redis.call('ZREM', CALLBACKS, id)
end
return false
