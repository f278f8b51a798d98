-- What happened after a change.
-- ARGV: its number, or ''
-- Returns the number of the last change, 1 when it is known what happened, {ids}.
local now = tonumber(redis.call('GET', CHANGE) or '0')
local since = tonumber(ARGV[1])
if not since then return { now, 1, {} } end
local begin = tonumber(redis.call('GET', CHANGE_BEGIN) or 'inf')
local known = begin <= since and since <= now
if redis.call('ZCARD', CHANGED) >= MOST_CHANGED then
  known = known and tonumber(redis.call('ZRANGE', CHANGED, 0, 0, 'WITHSCORES')[2]) <= since
end
if not known then return { now, 0, {} } end
return { now, 1, redis.call('ZRANGEBYSCORE', CHANGED, '(' .. ARGV[1], '+inf') }
