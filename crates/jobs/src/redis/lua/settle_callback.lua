-- The end of a job was told, or is to be told again.
-- Arguments: job_id; retry_in_ms, without which it is not told again
local id, again = args.job_id, tonumber(args.retry_in_ms)
if again then
  redis.call('ZADD', CALLBACKS, 'XX', clock() + again, id)
else
  redis.call('ZREM', CALLBACKS, id)
  redis.call('HDEL', job_key(id), 'callback')
end
return 1
