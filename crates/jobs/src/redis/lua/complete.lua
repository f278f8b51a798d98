-- Ends a job with its file.
-- Arguments: job_id, attempt, filename, filename_json, download_url (JSON), file_size_bytes, sha256 (JSON),
-- missing_count, missing_reasons (JSON) and remote_pictures, each of them or nil, ttl_ms
-- Returns 1, or 0 when the job is not this attempt's.
local id, attempt, filename, ttl = args.job_id, args.attempt, args.filename, tonumber(args.ttl_ms)
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
set(record, 'filename', args.filename_json)
set(record, 'download_url', args.download_url)
set(record, 'file_size_bytes', args.file_size_bytes)
set(record, 'error', 'null')
set(record, 'completed_at', rfc3339(now))
set(record, 'phase', 'null')
if work.total then set(record, 'processed_count', work.total) end
if args.missing_count then set(record, 'missing_count', args.missing_count) end
set(record, 'sha256', args.sha256)
if args.missing_reasons then set(record, 'missing_reasons', args.missing_reasons) end
if args.remote_pictures then set(record, 'remote_pictures', args.remote_pictures) end
write(id, record, work, now, ttl, now + ttl)
finish(id, work)
redis.call('HSET', job_key(id), 'filename', filename)
return 1
