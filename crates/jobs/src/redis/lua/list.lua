-- Jobs, newest first.
-- ARGV: the place before which they are, or '+inf'; how many
-- Returns {place, record, its TTL, …}. Jobs of other programs have no place and are not in it.
local before, many = ARGV[1], tonumber(ARGV[2])
local found = {}
local bound = before == '+inf' and before or '(' .. before
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
