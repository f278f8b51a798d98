-- Ends an attempt with a reason.
-- ARGV: id, attempt, reason (JSON), '1' when the fault may pass, most attempts, delay, ttl
-- Returns 'retry' or 'failed', or nothing when the job is not this attempt's.
local id, attempt, may_pass, ttl = ARGV[1], ARGV[2], ARGV[4] == '1', tonumber(ARGV[7])
local record, work = held(id, attempt)
if not record then return false end
local now = clock()
try_all_commands()
if may_pass and attempt - work.handed_back < tonumber(ARGV[5]) then
  wait_again(id, record, work, now, ttl, now + ARGV[6])
  return 'retry'
end
fail(id, record, work, ARGV[3], now, ttl)
return 'failed'
