-- What happened after a change.
-- Arguments: since, the number of the change, or nil
-- Returns the number of the last change, 1 when it is known what happened, {ids}.
local numbers = redis.call('MGET', CHANGE, CHANGE_BEGIN)
local now = tonumber(numbers[1] or '0')
local since = tonumber(args.since)
if not since then
  -- Whoever is told a number of no change at all could not be told what happens after it. A server
  -- without memory writes none, and tells the rest.
  if now == 0 then
    local begun, begin = pcall(begin_changes)
    if begun then now = begin end
  end
  return { now, 1, {} }
end
if since == now then return { now, 1, {} } end
local begin = tonumber(numbers[2] or 'inf')
if since < begin or since > now then return { now, 0, {} } end
local ids = redis.call('ZRANGEBYSCORE', CHANGED, '(' .. args.since, '+inf')
-- When all that is kept is later, what is not kept any more may be later as well.
if #ids >= MOST_CHANGED then return { now, 0, {} } end
return { now, 1, ids }
