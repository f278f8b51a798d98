-- What the scripts share. It stands before each of them, so a transition is one command.
--
-- export_job:{id}    the record: the one place where the status of a job is, as JSON, with a TTL
-- trapline:job:{id}  the work: the request, the attempt (the fencing token), who has it
-- trapline:queue     jobs that wait, by their turns
-- trapline:turn      the turn of the job that was taken last; trapline:turns: owner -> turn of their last
-- trapline:waiting:… the jobs of an owner that wait
-- trapline:delayed   jobs that wait for another attempt, by the time from which they may have it
-- trapline:leases    jobs that run, by the end of their lease
-- trapline:jobs      all jobs, by order of submission
-- trapline:due       all jobs, by the time at which their life has to be looked at
-- trapline:workers   worker -> the job that it has
-- trapline:callbacks jobs whose end is to be told to an address, by the time from which on
-- trapline:changed   jobs to which something happened, by the number of their last change
-- trapline:change    that number, which begins at the time, so that a server that lost all goes on
--                    with greater ones; trapline:change_begin is where it began
-- trapline:claimed   when a worker asked for a job for the last time
-- trapline:key:{…}   idempotency key -> its job and what was asked
--
-- The first argument of each script is its name, for whoever looks on with MONITOR; the last is the
-- number of the database, since all databases of a server share their channels.
-- Times are milliseconds of the server's clock. In each script the record is written before
-- anything else: a server without memory refuses the first write, and so the whole transition.

table.remove(ARGV, 1)
-- Each change is published here as 'NUMBER ID', with ' heartbeat' after it when it is no more than that.
local CHANGES = 'trapline:changes:' .. table.remove(ARGV)

local QUEUE, DELAYED, LEASES = 'trapline:queue', 'trapline:delayed', 'trapline:leases'
local JOBS, DUE, WORKERS, WORK = 'trapline:jobs', 'trapline:due', 'trapline:workers', 'trapline:work'
local CALLBACKS, TURN, TURNS = 'trapline:callbacks', 'trapline:turn', 'trapline:turns'
local DAY = 86400000
local CLAIMED = 'trapline:claimed'
local CHANGED, CHANGE, CHANGE_BEGIN = 'trapline:changed', 'trapline:change', 'trapline:change_begin'
local MOST_CHANGED = 10000
-- The work outlives its record for so long, so that what remains of it can be tidied up.
local SLACK = 60000

local function record_key(id) return 'export_job:' .. id end
local function job_key(id) return 'trapline:job:' .. id end

-- Whether a key holds what a command is for; any other error ends the script.
local function is_spoilt(answer)
  return type(answer) == 'table' and answer.err and string.find(answer.err, 'WRONGTYPE', 1, true)
end

-- The text of a record: nil when there is none, and '' when what is there is no text.
local function record_text(id)
  local text = redis.pcall('GET', record_key(id))
  if is_spoilt(text) then return '' end
  return text and (type(text) == 'string' and text or redis.call('GET', record_key(id))) or nil
end

local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Days to a civil date after Howard Hinnant, “chrono-compatible low-level date algorithms”.
local function rfc3339(ms)
  local floor = math.floor
  local days = floor(ms / 86400000)
  local rest = ms - days * 86400000
  local z = days + 719468
  local era = floor(z / 146097)
  local doe = z - era * 146097
  local yoe = floor((doe - floor(doe / 1460) + floor(doe / 36524) - floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + floor(yoe / 4) - floor(yoe / 100))
  local mp = floor((5 * doy + 2) / 153)
  local day = doy - floor((153 * mp + 2) / 5) + 1
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format('"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ"', year, month, day, floor(rest / 3600000),
    floor(rest / 60000) % 60, floor(rest / 1000) % 60, rest % 1000)
end

-- A message that is not sent costs a look a second later, and must not end a transition half way.
local function publish(channel, message) redis.pcall('PUBLISH', channel, message) end

-- Redis does not undo what a script has written when a later command is refused, as to a user that
-- may not do everything. So each transition first tries every command that it may need, on keys
-- that are not there, and is refused before it has written anything. The first one is refused by a
-- server without memory as well, unless the transition gives memory back: a server that has let a
-- script write once lets it go on.
local function try_all_commands(gives_memory_back)
  local call = redis.call
  if gives_memory_back then call('DEL', 'trapline:none') end
  call('TIME')
  for _, none in ipairs({ 'trapline:none', 'export_job:' }) do
    call('SET', none, '', 'XX', 'PX', 1)
    call('DEL', none)
    call('PEXPIRE', none, 1)
    call('EXISTS', none)
    call('GET', none)
    call('PTTL', none)
  end
  local none = 'trapline:none'
  call('ZADD', none, 'XX', 0, '')
  call('ZREM', none, '')
  call('ZREMRANGEBYRANK', none, 0, 0)
  call('ZSCORE', none, '')
  call('ZCARD', none)
  call('ZRANGE', none, 0, 0)
  call('ZRANGEBYSCORE', none, 0, 0)
  call('HGETALL', none)
  call('HGET', none, '')
  call('HMGET', none, '')
  call('HDEL', none, '')
  call('SREM', none, '')
  call('SCARD', none)
  call('SMEMBERS', none)
  -- These cannot be called without effect, which is removed again.
  call('HSET', none, '', 0)
  call('DEL', none)
  call('HINCRBY', none, '', 1)
  call('DEL', none)
  call('SADD', none, '')
  call('DEL', none)
  call('INCR', none)
  call('DEL', none)
end

-- JSON as text -------------------------------------------------------------------------------
-- Other programs put fields into a record that are not ours to change. Decoding and encoding
-- would: [] becomes {}, numbers lose digits. So a record is cut into its fields, and the text of
-- those that a transition does not set stays as it is.

local function string_end(text, open)
  local at = open + 1
  while true do
    at = string.find(text, '["\\]', at)
    if string.sub(text, at, at) == '"' then return at end
    at = at + 2
  end
end

local function value_end(text, at)
  local first = string.sub(text, at, at)
  if first == '"' then return string_end(text, at) end
  if first ~= '{' and first ~= '[' then
    local _, last = string.find(text, '^[^%s,}]+', at)
    return last
  end
  local depth = 0
  while true do
    at = string.find(text, '["%[%]{}]', at)
    local sign = string.sub(text, at, at)
    if sign == '"' then
      at = string_end(text, at)
    elseif sign == '{' or sign == '[' then
      depth = depth + 1
    else
      depth = depth - 1
      if depth == 0 then return at end
    end
    at = at + 1
  end
end

-- A record, or nil when there is none: its fields in order, each {name, text of the value}, and
-- the status. One that another program made unreadable has neither, and is left as it is.
local function read(id)
  local text = record_text(id)
  if not text then return nil end
  local valid, value = pcall(cjson.decode, text)
  local open = valid and type(value) == 'table' and string.match(text, '^%s*{()')
  if not open then return { fields = {}, processing = false } end
  local fields = {}
  while true do
    local _, quote = string.find(text, '^[%s,]*"', open)
    if not quote then break end
    local name_end = string_end(text, quote)
    local _, colon = string.find(text, '^%s*:%s*', name_end + 1)
    local last = value_end(text, colon + 1)
    local name = cjson.decode('[' .. string.sub(text, quote, name_end) .. ']')[1]
    fields[#fields + 1] = { name, string.sub(text, colon + 1, last) }
    open = last + 1
  end
  return { fields = fields, status = value.status, processing = value.status == 'processing' }
end

local function value_of(record, name)
  for _, field in ipairs(record.fields) do
    if field[1] == name then return field[2] end
  end
end

-- `value` is JSON text.
local function set(record, name, value)
  for _, field in ipairs(record.fields) do
    if field[1] == name then
      field[2] = value
      return
    end
  end
  record.fields[#record.fields + 1] = { name, value }
end

local function text_of(record)
  local parts = {}
  for i, field in ipairs(record.fields) do
    -- Names that need escapes are not ours; cjson writes them back well enough.
    parts[i] = cjson.encode(field[1]) .. ':' .. field[2]
  end
  return '{' .. table.concat(parts, ',') .. '}'
end

-- Transitions --------------------------------------------------------------------------------

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
