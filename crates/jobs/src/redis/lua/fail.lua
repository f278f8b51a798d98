-- Ends an attempt with a reason.
-- Arguments: job_id, attempt, message (JSON), may_pass ('1' or '0'), max_attempts, retry_delay_ms, ttl_ms
-- Returns 'retry' or 'failed', or nothing when the job is not this attempt's.
local id, attempt, may_pass, ttl = args.job_id, args.attempt, args.may_pass == '1', tonumber(args.ttl_ms)
local record, work = held(id, attempt)
if not record then return false end
local now = clock()
try_all_commands()
if may_pass and attempt - work.handed_back < tonumber(args.max_attempts) then
  wait_again(id, record, work, now, ttl, now + args.retry_delay_ms)
  return 'retry'
end
fail(id, record, work, args.message, now, ttl)
return 'failed'
