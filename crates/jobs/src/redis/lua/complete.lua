-- Ends a job with its file.
-- ARGV: id, attempt, file name, file name (JSON), address (JSON), size, ttl, detections missing (JSON),
-- SHA-256 (JSON), why detections are missing (JSON), pictures that stay on the web (JSON)
-- Returns 1, or 0 when the job is not this attempt's.
local id, attempt, filename, ttl = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[7])
local record, work = held(id, attempt)
if not record then
  -- Said a second time, since the answer to the first was lost.
  work, record = work_of(id), read(id)
  local again = record and record.status == 'completed' and work.attempt == attempt and work.filename == filename
  return again and 1 or 0
end
local now = clock()
try_all_commands()
set(record, 'status', '"completed"')
set(record, 'filename', ARGV[4])
set(record, 'download_url', ARGV[5])
set(record, 'file_size_bytes', ARGV[6])
set(record, 'error', 'null')
set(record, 'completed_at', rfc3339(now))
set(record, 'phase', 'null')
if work.total then set(record, 'processed_count', work.total) end
if ARGV[8] ~= 'null' then set(record, 'missing_count', ARGV[8]) end
set(record, 'sha256', ARGV[9])
if ARGV[10] ~= 'null' then set(record, 'missing_reasons', ARGV[10]) end
if ARGV[11] ~= 'null' then set(record, 'remote_pictures', ARGV[11]) end
write(id, record, work, now, ttl, now + ttl)
finish(id, work)
redis.call('HSET', job_key(id), 'filename', filename)
return 1
