-- Does what the clock does: leases and lives that ran out.
-- Arguments: ttl_ms, max_attempts, give_up_message (JSON), max_jobs of each sort in one call, last_call_ms
-- (the time that the last call of the same process returned), max_pause_ms (how long ago that may be)
-- Returns {requeued ids}, {failed ids}, {id, file name or '', …} of expired jobs, the time.
local ttl, most_attempts, most = tonumber(args.ttl_ms), tonumber(args.max_attempts), args.max_jobs
local now = clock()
-- A server that was frozen carries out what it was sent in the meantime. Its clock went on and
-- leases ran out, but nobody could renew them: that is no reason to take a job from its worker.
local in_time = now - args.last_call_ms <= tonumber(args.max_pause_ms)
local requeued, failed, expired = {}, {}, {}

local function gone(id, work)
  forget(id, work)
  expired[#expired + 1] = id
  expired[#expired + 1] = work.filename or ''
end

local due = redis.call('ZRANGEBYSCORE', DUE, '-inf', now, 'LIMIT', 0, most)
local ran_out = in_time and redis.call('ZRANGEBYSCORE', LEASES, '-inf', now, 'LIMIT', 0, most) or {}
if #due + #ran_out > 0 then try_all_commands() end
for _, id in ipairs(due) do
  local left = redis.call('PTTL', record_key(id))
  if left == -2 then
    gone(id, work_of(id))
  elseif redis.call('ZSCORE', QUEUE, id) or redis.call('ZSCORE', DELAYED, id) then
    -- A long queue loses nobody.
    redis.call('PEXPIRE', record_key(id), ttl)
    redis.call('PEXPIRE', job_key(id), ttl + SLACK)
    local key = redis.call('HGET', job_key(id), 'key')
    if key then redis.call('PEXPIRE', key, ttl) end
    redis.call('ZADD', DUE, now + ttl / 2, id)
  else
    -- Another program renewed it. One without a TTL is looked at from time to time.
    redis.call('ZADD', DUE, now + (left > 0 and left or ttl), id)
  end
end

for _, id in ipairs(ran_out) do
  local record, work = read(id), work_of(id)
  if not record then
    gone(id, work)
  elseif not record.processing then
    finish(id, work)
  elseif work.attempt - work.handed_back < most_attempts then
    wait_again(id, record, work, now, ttl)
    requeued[#requeued + 1] = id
  else
    fail(id, record, work, args.give_up_message, now, ttl)
    failed[#failed + 1] = id
  end
end

for _, id in ipairs(wait_is_over(now, most)) do publish(WORK, id) end
return { requeued, failed, expired, now }
