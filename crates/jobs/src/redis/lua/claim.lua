-- Gives the job whose turn it is to a worker.
-- Arguments: worker, ttl_ms, lease_ms
-- Returns {id, attempt, kind (JSON), request}, or nothing.
local worker, ttl, lease = args.worker, tonumber(args.ttl_ms), tonumber(args.lease_ms)
local now = clock()
-- Whoever looks on sees that somebody works. Nothing rests on it.
redis.pcall('SET', CLAIMED, now, 'PX', DAY)

-- A worker has one job at a time. If it asks and has one, the answer that gave it was lost.
local mine = redis.call('HGET', WORKERS, worker)
if mine then
  local work = work_of(mine)
  if work.worker == worker and held(mine, work.attempt) then
    redis.call('ZADD', LEASES, now + lease, mine)
    return { mine, tonumber(work.attempt), work.kind, work.request }
  end
  redis.call('HDEL', WORKERS, worker)
end

wait_is_over(now, 1000)

while true do
  local id = redis.call('ZRANGE', QUEUE, 0, 0)[1]
  if not id then return false end
  try_all_commands()
  local record, work = read(id), work_of(id)
  if not record then
    -- Its record expired or was removed by another program, and nobody has tidied up yet.
    forget(id, work)
  elseif not record.processing then
    -- Another program ended it, or made its record unreadable.
    finish(id, work)
  elseif not work.request then
    fail(id, record, work, '"the request of this job is gone from Redis; submit it again"', now, ttl)
  else
    local attempt = work.attempt + 1
    set(record, 'phase', '"running"')
    set(record, 'attempt', tostring(attempt))
    set(record, 'started_at', rfc3339(now))
    if work.total then set(record, 'processed_count', '0') end
    write(id, record, work, now, ttl, now + ttl)
    redis.call('ZREM', QUEUE, id)
    waits_no_more(id, work)
    redis.call('SET', TURN, math.max(turn_of(work), tonumber(redis.call('GET', TURN) or '0')), 'PX', DAY)
    redis.call('ZADD', LEASES, now + lease, id)
    redis.call('HSET', job_key(id), 'attempt', attempt, 'worker', worker)
    redis.call('HSET', WORKERS, worker, id)
    return { id, attempt, work.kind, work.request }
  end
end
