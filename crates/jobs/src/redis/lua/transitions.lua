-- The steps of which transitions consist.

-- The work of a job: its hash as a table. What another program put in its place is removed, and
-- numbers that are none are 0: one job must not keep a worker from all others.
local function work_of(id)
  local flat, work = redis.pcall('HGETALL', job_key(id)), {}
  if is_spoilt(flat) then
    redis.call('DEL', job_key(id))
    return work
  end
  if flat.err then flat = redis.call('HGETALL', job_key(id)) end
  for i = 1, #flat, 2 do work[flat[i]] = flat[i + 1] end
  for _, name in ipairs({ 'attempt', 'handed_back' }) do
    if work.request and not tonumber(work[name]) then work[name] = '0' end
  end
  return work
end

-- Begins to count changes when nothing is known of earlier ones, at a number beyond all of them.
local function begin_changes()
  local begin = clock()
  redis.call('SET', CHANGE, begin, 'PX', DAY)
  redis.call('SET', CHANGE_BEGIN, begin, 'PX', DAY)
  return begin
end

-- Tells whoever asks, and whoever listens, that something happened to a job.
local function changed(id, is_heartbeat)
  local number = redis.call('INCR', CHANGE)
  if number == 1 then
    begin_changes()
    number = redis.call('INCR', CHANGE)
  end
  redis.call('ZADD', CHANGED, number, id)
  redis.call('ZREMRANGEBYRANK', CHANGED, 0, -MOST_CHANGED - 1)
  -- Nobody comes back after a day and has missed only so much.
  for _, key in ipairs({ CHANGED, CHANGE, CHANGE_BEGIN }) do redis.call('PEXPIRE', key, DAY) end
  publish(CHANGES, string.format('%.0f %s', number, id) .. (is_heartbeat and ' heartbeat' or ''))
end

-- Writes a record with its time to live, and renews what lives as long as it does.
-- Another program may have written the record anew with less in it: what was lost is set again.
local function write(id, record, work, now, ttl, look_at, is_heartbeat)
  local ours = { created_at = work.created, kind = work.kind, title = work.title, owner = work.owner,
    total_detections = work.total }
  for name, known in pairs(ours) do
    local there = value_of(record, name)
    if known and (there == nil or there == 'null') then set(record, name, known) end
  end
  redis.call('SET', record_key(id), text_of(record), 'PX', ttl)
  redis.call('PEXPIRE', job_key(id), ttl + SLACK)
  redis.call('ZADD', DUE, look_at, id)
  if work.key then redis.call('PEXPIRE', work.key, ttl) end
  changed(id, is_heartbeat)
end

-- The record and the work of a job, when `attempt` has it; else nil.
local function held(id, attempt)
  local work = work_of(id)
  if work.attempt ~= attempt or not redis.call('ZSCORE', LEASES, id) then return nil end
  local record = read(id)
  if not record or not record.processing then return nil end
  return record, work
end

-- The jobs of an owner that wait. Nobody owns those of nobody.
local function waiting_key(work) return work.owner and 'trapline:waiting:' .. work.owner end

local function waits(id, work)
  local key = waiting_key(work)
  if not key then return end
  redis.call('SADD', key, id)
  redis.call('PEXPIRE', key, DAY)
end

local function waits_no_more(id, work)
  local key = waiting_key(work)
  if key then redis.call('SREM', key, id) end
end

-- The turn of a new job of an owner. Each owner's next turn is one after their last, and nobody
-- waits for turns that were before they came (start-time fair queueing).
local function next_turn(owner)
  local now = tonumber(redis.call('GET', TURN) or '0')
  local first = redis.call('ZRANGE', QUEUE, 0, 0, 'WITHSCORES')[2]
  if first then now = math.max(now, first - 1) end
  local turn = math.max(now, tonumber(redis.call('HGET', TURNS, owner) or '0')) + 1
  redis.call('HSET', TURNS, owner, turn)
  redis.call('PEXPIRE', TURNS, DAY)
  return turn
end

-- Jobs of an earlier version have none, and come in the order of their submission.
local function turn_of(work) return tonumber(work.turn) or tonumber(work.seq) or 0 end

-- No worker has the job any more.
local function let_go(id, work)
  redis.call('ZREM', LEASES, id)
  if work.worker and redis.call('HGET', WORKERS, work.worker) == id then
    redis.call('HDEL', WORKERS, work.worker)
  end
end

-- The job ended: its record stays until its time is over, its work is done.
local function finish(id, work)
  let_go(id, work)
  redis.call('ZREM', QUEUE, id)
  redis.call('ZREM', DELAYED, id)
  waits_no_more(id, work)
  redis.call('HDEL', job_key(id), 'request', 'worker')
  if work.callback then redis.call('ZADD', CALLBACKS, 'NX', clock(), id) end
end

local function fail(id, record, work, reason, now, ttl)
  set(record, 'status', '"failed"')
  set(record, 'error', reason)
  set(record, 'completed_at', rfc3339(now))
  set(record, 'phase', 'null')
  write(id, record, work, now, ttl, now + ttl)
  finish(id, work)
end

-- The job waits for its next attempt, in its old place, from `from` on when that is not nil.
local function wait_again(id, record, work, now, ttl, from)
  set(record, 'phase', '"queued"')
  write(id, record, work, now, ttl, now + ttl / 2)
  let_go(id, work)
  waits(id, work)
  if from and from > now then
    redis.call('ZADD', DELAYED, from, id)
  else
    redis.call('ZADD', QUEUE, turn_of(work), id)
    publish(WORK, id)
  end
end

-- Jobs whose wait for another attempt is over take their turn.
local function wait_is_over(now, most)
  local over = redis.call('ZRANGEBYSCORE', DELAYED, '-inf', now, 'LIMIT', 0, most)
  for _, id in ipairs(over) do
    local work = work_of(id)
    if work.seq then redis.call('ZADD', QUEUE, turn_of(work), id) end
    redis.call('ZREM', DELAYED, id)
  end
  return over
end

-- Nothing of the job stays.
local function forget(id, work)
  local there = redis.call('DEL', record_key(id), job_key(id)) + redis.call('ZREM', JOBS, id)
  finish(id, work)
  redis.call('ZREM', DUE, id)
  redis.call('ZREM', CALLBACKS, id)
  if work.key then redis.call('DEL', work.key) end
  if there > 0 then changed(id) end
end
