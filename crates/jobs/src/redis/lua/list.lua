-- Jobs, newest first.
-- Arguments: before, the place before which they are, or nil; limit
-- Returns {place, record, its TTL, …}. Jobs of other programs have no place and are not in it.
local many = tonumber(args.limit)
local found = {}
local bound = args.before and '(' .. args.before or '+inf'
while #found < many * 4 do
  local part = redis.call('ZREVRANGEBYSCORE', JOBS, bound, '-inf', 'WITHSCORES', 'LIMIT', 0, many)
  for i = 1, #part, 2 do
    local text = record_text(part[i])
    if text and text ~= '' and #found < many * 4 then
      for _, value in ipairs({ part[i], part[i + 1], text, redis.call('PTTL', record_key(part[i])) }) do
        found[#found + 1] = value
      end
    end
  end
  if #part < many * 2 then break end
  bound = '(' .. part[#part]
end
return found
