-- Makes the record and the place in the queue of a new job, both or neither.
-- Arguments: job_id, kind (JSON), title (JSON), request, max_queued, max_queued_per_owner, ttl_ms;
-- each of these or nil: details (JSON), total_detections, owner (JSON), callback_url, idempotency_key with
-- fingerprint
-- Returns {'new' | 'before', record, its TTL} or {'exists'} or {'taken'}
-- or {'full'} or {'owner full'}.
local id, kind, title, request, ttl = args.job_id, args.kind, args.title, args.request, tonumber(args.ttl_ms)
local key, fingerprint = args.idempotency_key and 'trapline:key:' .. args.idempotency_key, args.fingerprint
local total, owner = args.total_detections, args.owner
local now = clock()
if key then
  local before = redis.call('HMGET', key, 'id', 'fingerprint')
  local text = before[1] and record_text(before[1])
  if text then
    if before[2] ~= fingerprint then return { 'taken' } end
    return { 'before', text, redis.call('PTTL', record_key(before[1])), before[1] }
  end
end
if redis.call('EXISTS', record_key(id)) == 1 then return { 'exists' } end

if redis.call('ZCARD', QUEUE) + redis.call('ZCARD', DELAYED) >= tonumber(args.max_queued) then return { 'full' } end
local mine = waiting_key({ owner = owner })
if mine and redis.call('SCARD', mine) >= tonumber(args.max_queued_per_owner) then
  -- What is left of jobs that nobody tidied up after does not count.
  for _, other in ipairs(redis.call('SMEMBERS', mine)) do
    if not redis.call('ZSCORE', QUEUE, other) and not redis.call('ZSCORE', DELAYED, other) then
      redis.call('SREM', mine, other)
    end
  end
  if redis.call('SCARD', mine) >= tonumber(args.max_queued_per_owner) then return { 'owner full' } end
end

local created = rfc3339(now)
local record = { fields = {
  { 'status', '"processing"' },
  { 'job_id', cjson.encode(id) },
  { 'filename', 'null' },
  { 'download_url', 'null' },
  { 'file_size_bytes', 'null' },
  { 'error', 'null' },
  { 'created_at', created },
  { 'completed_at', 'null' },
  { 'total_detections', total or 'null' },
  { 'processed_count', total and '0' or 'null' },
  { 'kind', kind },
  { 'title', title },
  { 'phase', '"queued"' },
  { 'attempt', '0' },
  { 'started_at', 'null' },
} }
if owner then set(record, 'owner', owner) end
if args.details then set(record, 'details', args.details) end
try_all_commands()
write(id, record, {}, now, ttl, now + ttl / 2)
local seq, turn = redis.call('INCR', 'trapline:seq'), next_turn(owner or '')
-- Something of an earlier job of this id may be there still.
redis.call('DEL', job_key(id))
redis.call('HSET', job_key(id), 'kind', kind, 'title', title, 'request', request, 'created', created, 'seq', seq,
  'turn', turn,
  'attempt', 0, 'handed_back', 0)
if total then redis.call('HSET', job_key(id), 'total', total) end
if owner then redis.call('HSET', job_key(id), 'owner', owner) end
if args.callback_url then redis.call('HSET', job_key(id), 'callback', args.callback_url) end
if key then
  redis.call('DEL', key)
  redis.call('HSET', key, 'id', id, 'fingerprint', fingerprint)
  redis.call('PEXPIRE', key, ttl)
  redis.call('HSET', job_key(id), 'key', key)
end
redis.call('PEXPIRE', job_key(id), ttl + SLACK)
redis.call('ZREM', LEASES, id)
redis.call('ZREM', DELAYED, id)
redis.call('ZADD', JOBS, seq, id)
redis.call('ZADD', QUEUE, turn, id)
if mine then waits(id, { owner = owner }) end
publish(WORK, id)
return { 'new', text_of(record), ttl, id }
