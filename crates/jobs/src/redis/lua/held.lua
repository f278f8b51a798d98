-- Whether an attempt has its job. Writes nothing.
-- ARGV: id, attempt
return held(ARGV[1], ARGV[2]) and 1 or 0
