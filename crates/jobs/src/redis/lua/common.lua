-- What the scripts share: the keys, the arguments, the time. It stands before each of them, with the
-- records (record.lua) and the transitions (transitions.lua), so a transition is one command.
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
-- The first argument of each script is its name, for operators who use MONITOR. The others are pairs of a
-- name and a value; an argument without a value is nil.
-- Times are milliseconds of the server's clock. In each script the record is written before
-- anything else: a server without memory refuses the first write, and so the whole transition.

local args = {}
for i = 2, #ARGV, 2 do args[ARGV[i]] = ARGV[i + 1] end

-- Each change is published here as 'NUMBER ID', with ' heartbeat' after it when it is no more than that.
-- The channel has the number of the database, since all databases of a server share their channels.
local CHANGES = 'trapline:changes:' .. args.database

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
