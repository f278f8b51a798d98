-- Whether the server takes writes.
redis.call('SET', 'trapline:check', '1', 'PX', 1000)
return 1
