-- The places of jobs that wait, 1 for the next.
-- Arguments: job_ids (JSON)
-- Returns {place, or 0 for one that does not wait, …}.
local ids, places, ranks = cjson.decode(args.job_ids), {}, nil
-- Of many jobs the whole queue is read once, which takes about as long as finding an eighth of it one by one.
if #ids > 8 and #ids > redis.call('ZCARD', QUEUE) / 8 then
  ranks = {}
  for rank, id in ipairs(redis.call('ZRANGE', QUEUE, 0, -1)) do ranks[id] = rank - 1 end
end

local function place_of(id)
  local rank
  if ranks then rank = ranks[id] else rank = redis.call('ZRANK', QUEUE, id) end
  if rank then return rank + 1 end
  if not redis.call('ZSCORE', DELAYED, id) then return 0 end
  return redis.call('ZCOUNT', QUEUE, '-inf', '(' .. turn_of(work_of(id))) + 1
end

for i, id in ipairs(ids) do places[i] = place_of(id) end
return places
