-- The end of a job was told, or is to be told again.
-- ARGV: id, after how long, or ''
local id, again = ARGV[1], tonumber(ARGV[2])
if again then
  redis.call('ZADD', CALLBACKS, 'XX', clock() + again, id)
else
  redis.call('ZREM', CALLBACKS, id)
  redis.call('HDEL', job_key(id), 'callback')
end
return 1
